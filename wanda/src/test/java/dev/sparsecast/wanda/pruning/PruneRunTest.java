package dev.sparsecast.wanda.pruning;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.checkpoint.ElementType;
import dev.sparsecast.checkpoint.PrunableModule;
import dev.sparsecast.checkpoint.Tap;
import dev.sparsecast.checkpoint.statistics.ModelStatistics;
import dev.sparsecast.checkpoint.statistics.StatisticsFile;
import dev.sparsecast.wanda.Progress;
import dev.sparsecast.wanda.PruningException;
import dev.sparsecast.wanda.PruningParameters;
import dev.sparsecast.wanda.TestModels;
import dev.sparsecast.wanda.mask.MaskFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PruneRunTest {
    @TempDir
    private Path directory;

    private Path model;

    @BeforeEach
    void writeModel() throws Exception {
        model = TestModels.write(directory.resolve("m"), ElementType.BF16, 1);
    }

    @Test
    void prunesFromFilesToFiles() {
        Path mask = directory.resolve("x.mask");
        Path out = directory.resolve("pruned");
        PruneResult result = run(
                List.of(statistics("a", 1)),
                "wanda",
                "2:4",
                OptionalDouble.empty(),
                Optional.of(mask),
                Optional.of(out));
        assertThat(MaskFile.read(mask).digest()).isEqualTo(result.maskDigest());
        assertThat(result.keptWeights() * 2).isEqualTo(result.weights());
        assertThat(result.threads()).isEqualTo(2);
        assertThat(result.selectionSeconds()).isPositive().isLessThanOrEqualTo(result.seconds());
        try (Checkpoint base = Checkpoint.open(model);
                Checkpoint pruned = Checkpoint.open(out)) {
            assertThat(result.modelDigest()).isEqualTo(base.digest()).isNotEqualTo(pruned.digest());
            assertThat(result.weights())
                    .isEqualTo(PrunableModule.of(base.config()).stream()
                            .mapToLong(PrunableModule::weights)
                            .sum());
        }
    }

    @Test
    void statisticsOfSeveralFilesAreAdded() {
        Path plain = statistics("a", 1);
        Path tripled = statistics("b", 3);
        Path other = statistics("c", -1);
        String alone = digest(List.of(plain));
        assertThat(digest(List.of(plain, tripled))).isEqualTo(alone); // the same mean squares
        assertThat(digest(List.of(plain, other)))
                .isEqualTo(digest(List.of(other, plain)))
                .isNotEqualTo(alone);
    }

    @Test
    void wandaWithoutStatisticsIsRefusedAndMagnitudeIsNot() {
        assertThatThrownBy(() -> digest(List.of()))
                .isInstanceOf(PruningException.class)
                .hasMessageContaining("needs activation statistics");
        assertThat(run(
                                List.of(),
                                "magnitude",
                                "unstructured",
                                OptionalDouble.of(0.5),
                                Optional.empty(),
                                Optional.empty())
                        .maskDigest())
                .startsWith("sha256:");
    }

    @Test
    void aTargetThatCannotBeWrittenIsRefusedBeforeAnyWork() {
        Path mask = directory.resolve("x.mask");
        assertThatThrownBy(() -> run(
                        List.of(statistics("a", 1)),
                        "wanda",
                        "2:4",
                        OptionalDouble.empty(),
                        Optional.of(mask),
                        Optional.of(model)))
                .isInstanceOf(PruningException.class)
                .hasMessageContaining("is the base model's own directory");
        assertThat(mask).doesNotExist();
    }

    private String digest(List<Path> statistics) {
        return run(statistics, "wanda", "unstructured", OptionalDouble.of(0.5), Optional.empty(), Optional.empty())
                .maskDigest();
    }

    private PruneResult run(
            List<Path> statistics,
            String method,
            String pattern,
            OptionalDouble sparsity,
            Optional<Path> mask,
            Optional<Path> out) {
        PruningParameters parameters = PruningParameters.parse(method, pattern, sparsity);
        return PruneRun.run(new PruneRequest(model, statistics, parameters, mask, out, 2), Progress.SILENT);
    }

    /** The made-up statistics times a factor; or, for -1, others. */
    private Path statistics(String name, int factor) {
        Path file = directory.resolve(name + ".statistics");
        try (Checkpoint base = Checkpoint.open(model)) {
            ModelStatistics made = TestModels.madeUpStatistics(base.config());
            if (factor < 0) {
                TestModels.with(made, 0, Tap.MLP_HIDDEN, 0, 1e9);
                StatisticsFile.write(file, made);
            } else {
                StatisticsFile.write(file, ModelStatistics.mix(List.of(made), new double[] {factor}));
            }
        }
        return file;
    }
}
