package dev.sparsecast.checkpoint.statistics;

import dev.sparsecast.checkpoint.CheckpointException;
import dev.sparsecast.checkpoint.ElementType;
import dev.sparsecast.checkpoint.SafetensorsFile;
import dev.sparsecast.checkpoint.SafetensorsWriter;
import dev.sparsecast.checkpoint.Tap;
import dev.sparsecast.checkpoint.Tensor;
import java.lang.foreign.MemorySegment;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The statistics file: safetensors with, for each prunable module, {@code <module>.in_sum2} and {@code <module>.in_sum}
 * (F64, one value per input channel), and the metadata {@code format=sparsecast-statistics}, {@code tokens},
 * {@code prompts}, {@code language}, {@code domain} and {@code model}.
 */
public final class StatisticsFile {
    private static final String FORMAT = "sparsecast-statistics";
    private static final String SQUARES = ".in_sum2";
    private static final String SUM = ".in_sum";
    private static final Pattern NAME =
            Pattern.compile("model\\.layers\\.(0|[1-9][0-9]{0,5})\\.(.+)\\.(?:in_sum2|in_sum)");

    private StatisticsFile() {}

    /**
     * Reads and checks a file, whoever wrote it. The modules that share a tap must agree; the number of layers follows
     * from the tensors' names; tensors of other names are ignored.
     *
     * @throws CheckpointException naming what is wrong
     */
    public static ModelStatistics read(Path file) {
        try (SafetensorsFile opened = SafetensorsFile.open(file)) {
            Map<String, String> metadata = opened.metadata();
            if (!FORMAT.equals(metadata.get("format"))) {
                throw new CheckpointException(file + " is not a statistics file: its metadata has format="
                        + metadata.get("format") + ", expected " + FORMAT);
            }
            double tokens = number(file, metadata, "tokens");
            if (tokens <= 0) {
                throw new CheckpointException(
                        file + " has tokens=" + metadata.get("tokens") + ", expected more than 0");
            }
            List<Map<Tap, TapSums>> layers = new ArrayList<>();
            int count = layers(file, opened);
            for (int layer = 0; layer < count; layer++) {
                layers.add(taps(opened, layer));
            }
            return new ModelStatistics(
                    tokens,
                    metadata.containsKey("prompts") ? number(file, metadata, "prompts") : 0,
                    metadata.getOrDefault("language", ModelStatistics.MIXED),
                    metadata.getOrDefault("domain", ModelStatistics.MIXED),
                    Optional.ofNullable(metadata.get("model")),
                    layers);
        }
    }

    /**
     * Reads several files, of the same or of different groups of one model, and adds them: sums, tokens and prompts.
     *
     * @param files at least one
     * @throws CheckpointException naming what is wrong, also if two of them are of different models
     */
    public static ModelStatistics readMixed(List<Path> files) {
        List<ModelStatistics> parts = new ArrayList<>();
        Map<String, Path> digests = new LinkedHashMap<>();
        for (Path file : files) {
            ModelStatistics part = read(file);
            part.modelDigest().ifPresent(digest -> digests.putIfAbsent(digest, file));
            parts.add(part);
        }
        if (digests.size() > 1) {
            List<Path> different = List.copyOf(digests.values());
            throw new CheckpointException(different.get(0) + " and " + different.get(1)
                    + " are statistics of different models (" + String.join(", ", digests.keySet())
                    + "); give files of one model");
        }
        return ModelStatistics.sum(parts);
    }

    private static double number(Path file, Map<String, String> metadata, String key) {
        String text = metadata.get(key);
        if (text == null) {
            throw new CheckpointException(file + " has no " + key + " in its metadata");
        }
        double value;
        try {
            value = new BigDecimal(text).doubleValue();
        } catch (NumberFormatException e) {
            throw new CheckpointException(file + " has " + key + "=" + text + ", expected a number", e);
        }
        if (value < 0 || Double.isInfinite(value)) {
            throw new CheckpointException(file + " has " + key + "=" + text + ", expected a number of at least 0");
        }
        return value;
    }

    private static int layers(Path file, SafetensorsFile opened) {
        TreeSet<Integer> layers = new TreeSet<>();
        for (String name : opened.tensors().keySet()) {
            Matcher matcher = NAME.matcher(name);
            if (matcher.matches()) {
                layers.add(Integer.valueOf(matcher.group(1)));
            }
        }
        if (layers.isEmpty()) {
            throw new CheckpointException(
                    file + " holds no statistics: no tensor such as model.layers.0.self_attn.q_proj" + SQUARES);
        }
        for (int layer = 0; layer < layers.last(); layer++) {
            if (!layers.contains(layer)) {
                throw new CheckpointException(
                        file + " has statistics of layer " + layers.last() + ", but none of layer " + layer);
            }
        }
        return layers.last() + 1;
    }

    private static Map<Tap, TapSums> taps(SafetensorsFile opened, int layer) {
        Map<Tap, TapSums> taps = new EnumMap<>(Tap.class);
        for (Tap tap : Tap.values()) {
            String first = module(layer, tap.modules().getFirst());
            double[] sumSquares = values(opened, first + SQUARES);
            double[] sum = values(opened, first + SUM);
            if (sum.length != sumSquares.length) {
                throw new CheckpointException(opened.path() + ": tensor " + first + SUM + " has " + sum.length
                        + " channels, but " + first + SQUARES + " has " + sumSquares.length);
            }
            for (String relative : tap.modules().subList(1, tap.modules().size())) {
                checkAgrees(opened, first + SQUARES, sumSquares, module(layer, relative) + SQUARES);
                checkAgrees(opened, first + SUM, sum, module(layer, relative) + SUM);
            }
            taps.put(tap, new TapSums(sumSquares, sum));
        }
        return taps;
    }

    private static void checkAgrees(SafetensorsFile opened, String first, double[] expected, String other) {
        double[] actual = values(opened, other);
        if (actual.length != expected.length) {
            throw new CheckpointException(opened.path() + ": tensor " + other + " has " + actual.length
                    + " channels, but " + first + ", which reads the same input, has " + expected.length);
        }
        for (int channel = 0; channel < expected.length; channel++) {
            if (actual[channel] != expected[channel]) {
                throw new CheckpointException(opened.path() + ": tensor " + other + " differs from " + first
                        + ", which reads the same input, in channel " + channel + " (" + actual[channel] + ", "
                        + expected[channel] + ")");
            }
        }
    }

    private static double[] values(SafetensorsFile opened, String name) {
        Tensor tensor = opened.tensor(name);
        if (tensor.type() != ElementType.F64 || tensor.shape().size() != 1) {
            throw new CheckpointException(opened.path() + ": tensor " + name + " is " + tensor.type() + " of shape "
                    + tensor.shape() + ", expected F64 of one dimension");
        }
        double[] values = tensor.toDoubles();
        boolean squares = name.endsWith(SQUARES);
        for (int channel = 0; channel < values.length; channel++) {
            if (!Double.isFinite(values[channel]) || (squares && values[channel] < 0)) {
                throw new CheckpointException(opened.path() + ": tensor " + name + " has " + values[channel]
                        + " in channel " + channel + ", expected a finite number"
                        + (squares ? " of at least 0" : ""));
            }
        }
        return values;
    }

    /**
     * Writes a file atomically.
     *
     * @throws IllegalArgumentException if a layer lacks a tap, or there are no tokens
     * @throws CheckpointException if it cannot be written
     */
    public static void write(Path file, ModelStatistics statistics) {
        if (!(statistics.tokens() > 0)) {
            throw new IllegalArgumentException("statistics of " + statistics.tokens() + " tokens");
        }
        Map<String, double[]> tensors = new LinkedHashMap<>();
        for (int layer = 0; layer < statistics.layers().size(); layer++) {
            for (Tap tap : Tap.values()) {
                TapSums sums = statistics.sums(layer, tap);
                for (String relative : tap.modules()) {
                    tensors.put(module(layer, relative) + SQUARES, sums.sumSquares());
                    tensors.put(module(layer, relative) + SUM, sums.sum());
                }
            }
        }
        List<SafetensorsWriter.Entry> layout = new ArrayList<>();
        tensors.forEach((name, values) ->
                layout.add(new SafetensorsWriter.Entry(name, ElementType.F64, List.of((long) values.length))));
        try (SafetensorsWriter writer = SafetensorsWriter.create(file, layout, metadata(statistics))) {
            tensors.forEach((name, values) -> writer.write(name, littleEndian(values)));
            writer.finish();
        }
    }

    private static Map<String, String> metadata(ModelStatistics statistics) {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put("format", FORMAT);
        metadata.put("tokens", plain(statistics.tokens()));
        metadata.put("prompts", plain(statistics.prompts()));
        metadata.put("language", statistics.language());
        metadata.put("domain", statistics.domain());
        statistics.modelDigest().ifPresent(digest -> metadata.put("model", digest));
        return metadata;
    }

    /** Whole numbers without a fraction, so that the simplest reader understands them; others exactly. */
    private static String plain(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1L << 53
                ? Long.toString((long) value)
                : Double.toString(value);
    }

    private static MemorySegment littleEndian(double[] values) {
        ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(values.length, Double.BYTES))
                .order(ByteOrder.LITTLE_ENDIAN);
        bytes.asDoubleBuffer().put(values);
        return MemorySegment.ofBuffer(bytes);
    }

    private static String module(int layer, String relative) {
        return "model.layers." + layer + "." + relative;
    }
}
