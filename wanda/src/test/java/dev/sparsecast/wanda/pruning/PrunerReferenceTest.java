package dev.sparsecast.wanda.pruning;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.wanda.Calibration;
import dev.sparsecast.wanda.PruningParameters;
import dev.sparsecast.wanda.TestModels;
import dev.sparsecast.wanda.mask.SubModelMask;
import dev.sparsecast.wanda.selection.Kernels;
import dev.sparsecast.wanda.selection.SelectionKernel;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The bundled model's masks against those that PyTorch's stable sort gives (tools/mask_reference.py). */
class PrunerReferenceTest {
    record Expected(PruningParameters parameters, String digest, List<Double> sparsities) {}

    static Stream<Expected> references() throws IOException {
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(
                Objects.requireNonNull(PrunerReferenceTest.class.getResourceAsStream("mask-digests.txt")),
                StandardCharsets.UTF_8))) {
            return reader.lines().map(PrunerReferenceTest::expected).toList().stream();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private static Expected expected(String line) {
        String[] words = line.split(" ", -1);
        return new Expected(
                PruningParameters.parse(
                        words[0], words[1], OptionalDouble.of(Double.parseDouble(words[2])), Optional.of(words[3])),
                words[4],
                Stream.of(words[5].split(",", -1)).map(Double::valueOf).toList());
    }

    @ParameterizedTest
    @MethodSource("references")
    void kernelsMakeTheMaskThatPyTorchMakes(Expected expected) {
        try (Checkpoint model = Checkpoint.open(TestModels.tinyCoder())) {
            Calibration calibration =
                    Calibration.of(TestModels.madeUpStatistics(model.config()), model.config(), model.digest());
            for (SelectionKernel kernel : kernels(expected)) {
                SubModelMask mask = new Pruner(kernel)
                        .prune(model, List.of(calibration), expected.parameters(), 2)
                        .getFirst();
                assertThat(mask.digest()).as(kernel.label()).isEqualTo(expected.digest());
                for (int layer = 0; layer < model.config().layers(); layer++) {
                    assertThat(mask.parameters().sparsity(layer))
                            .isEqualTo(expected.sparsities().get(layer));
                }
            }
        }
    }

    /** The plain twin takes seconds, and has its own contract with the others: one sparsity is enough. */
    private static List<SelectionKernel> kernels(Expected expected) {
        List<SelectionKernel> all = Kernels.all();
        return expected.parameters().sparsity() == 0.6 ? all : all.subList(1, all.size());
    }
}
