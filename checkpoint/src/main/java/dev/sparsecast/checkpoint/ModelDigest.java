package dev.sparsecast.checkpoint;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Collection;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;

/** The identity of a set of tensors; {@link Checkpoint#digest} says how it is defined. */
final class ModelDigest {
    private ModelDigest() {}

    static String of(Collection<Tensor> tensors) {
        List<Tensor> ordered =
                tensors.stream().sorted(Comparator.comparing(Tensor::name)).toList();
        MessageDigest digest = Sha256.start();
        ordered.parallelStream().map(ModelDigest::line).toList().forEach(digest::update);
        return Sha256.label(digest.digest());
    }

    private static byte[] line(Tensor tensor) {
        byte[] name = tensor.name().getBytes(StandardCharsets.UTF_8);
        String shape = tensor.shape().stream().map(String::valueOf).collect(Collectors.joining(",", "[", "]"));
        String line = HexFormat.of().formatHex(Sha256.of(tensor.data())) + " " + tensor.type() + " " + shape + " "
                + name.length + " " + tensor.name() + "\n";
        return line.getBytes(StandardCharsets.UTF_8);
    }
}
