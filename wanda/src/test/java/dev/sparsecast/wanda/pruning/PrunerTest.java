package dev.sparsecast.wanda.pruning;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.checkpoint.ElementType;
import dev.sparsecast.checkpoint.PrunableModule;
import dev.sparsecast.checkpoint.Tap;
import dev.sparsecast.checkpoint.Tensor;
import dev.sparsecast.checkpoint.Weights;
import dev.sparsecast.checkpoint.statistics.ModelStatistics;
import dev.sparsecast.wanda.Calibration;
import dev.sparsecast.wanda.Method;
import dev.sparsecast.wanda.Pattern;
import dev.sparsecast.wanda.PruningException;
import dev.sparsecast.wanda.PruningParameters;
import dev.sparsecast.wanda.TestModels;
import dev.sparsecast.wanda.mask.SubModelMask;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrunerTest {
    private static final PruningParameters HALF = new PruningParameters(Method.WANDA, Pattern.UNSTRUCTURED, 0.5);

    @TempDir
    private Path directory;

    @Test
    void severalCalibrationsInOnePassGiveWhatEachGivesAlone() throws Exception {
        try (Checkpoint model = Checkpoint.open(TestModels.write(directory.resolve("m"), ElementType.F16, 1))) {
            Calibration first = calibration(model);
            Calibration second = Calibration.of(
                    TestModels.with(TestModels.madeUpStatistics(model.config()), 1, Tap.MLP_INPUT, 3, 1e6),
                    model.config(),
                    model.digest());
            List<SubModelMask> together = new Pruner().prune(model, List.of(first, second), HALF, 2);
            assertThat(together.get(0).digest()).isEqualTo(pruned(model, first).digest());
            assertThat(together.get(1).digest()).isEqualTo(pruned(model, second).digest());
            assertThat(together.get(0).digest()).isNotEqualTo(together.get(1).digest());
        }
    }

    @Test
    void prunesTheSameNumberOfEveryRowOfEveryModule() throws Exception {
        try (Checkpoint model = Checkpoint.open(TestModels.write(directory.resolve("m"), ElementType.BF16, 2))) {
            SubModelMask mask = pruned(model, calibration(model));
            assertThat(mask.masks())
                    .extracting("module")
                    .isEqualTo(PrunableModule.of(model.config()).stream()
                            .map(PrunableModule::name)
                            .toList());
            mask.masks().forEach(module -> {
                for (int row = 0; row < module.rows(); row++) {
                    int kept = 0;
                    for (int column = 0; column < module.columns(); column++) {
                        kept += module.kept(row, column) ? 1 : 0;
                    }
                    assertThat(kept).isEqualTo(module.columns() / 2);
                }
            });
            assertThat(mask.keptWeights() * 2).isEqualTo(mask.weights());
        }
    }

    @Test
    void reportsEveryWeightOnceAsProgress() {
        try (Checkpoint model = Checkpoint.open(TestModels.tinyCoder())) {
            List<Long> done = new ArrayList<>();
            List<Long> totals = new ArrayList<>();
            new Pruner().prune(model, List.of(calibration(model)), HALF, 2, (stage, amount, total) -> {
                done.add(amount);
                totals.add(total);
            });
            long weights = PrunableModule.of(model.config()).stream()
                    .mapToLong(PrunableModule::weights)
                    .sum();
            assertThat(done).isSorted().last().isEqualTo(weights);
            assertThat(totals).containsOnly(weights);
        }
    }

    @Test
    void refusesWeightsThatAreNotFiniteByTheNameOfTheirModule() throws Exception {
        try (Checkpoint model = Checkpoint.open(TestModels.write(directory.resolve("m"), ElementType.F32, 3))) {
            Weights damaged = new DamagedWeights(model, "model.layers.1.mlp.up_proj.weight");
            assertThatThrownBy(() -> new Pruner().prune(damaged, List.of(calibration(model)), HALF, 2))
                    .isInstanceOf(PruningException.class)
                    .hasMessageContaining("model.layers.1.mlp.up_proj")
                    .hasMessageContaining("NaN or infinite");
        }
    }

    @Test
    void refusesAPatternThatDoesNotDivideTheColumnsByTheNameOfTheModule() throws Exception {
        try (Checkpoint model = Checkpoint.open(TestModels.write(directory.resolve("m"), ElementType.F32, 4))) {
            PruningParameters eight = new PruningParameters(Method.WANDA, new Pattern.NOfM(4, 8), 0.5);
            assertThatThrownBy(() -> new Pruner().prune(model, List.of(calibration(model)), eight, 1))
                    .isInstanceOf(PruningException.class)
                    .hasMessageContaining("model.layers.0.self_attn.q_proj has 12 input channels")
                    .hasMessageContaining("4:8");
        }
    }

    @Test
    void refusesACalibrationOfAnotherShape() throws Exception {
        try (Checkpoint model = Checkpoint.open(TestModels.write(directory.resolve("m"), ElementType.F32, 5));
                Checkpoint other = Checkpoint.open(TestModels.tinyCoder())) {
            assertThatThrownBy(() -> pruned(model, calibration(other)))
                    .isInstanceOf(PruningException.class)
                    .hasMessageContaining("6 layers but the model has 2");
        }
    }

    private static SubModelMask pruned(Checkpoint model, Calibration calibration) {
        return new Pruner().prune(model, List.of(calibration), HALF, 2).getFirst();
    }

    private static Calibration calibration(Checkpoint model) {
        ModelStatistics statistics = TestModels.madeUpStatistics(model.config());
        return Calibration.of(statistics, model.config(), model.digest());
    }

    /** A model with one infinite weight. */
    private record DamagedWeights(Weights base, String damaged) implements Weights {
        @Override
        public dev.sparsecast.checkpoint.ModelConfig config() {
            return base.config();
        }

        @Override
        public boolean hasTensor(String name) {
            return base.hasTensor(name);
        }

        @Override
        public Tensor tensor(String name) {
            Tensor tensor = base.tensor(name);
            if (!name.equals(damaged)) {
                return tensor;
            }
            MemorySegment copy = Arena.ofAuto().allocate(tensor.data().byteSize());
            copy.copyFrom(tensor.data());
            copy.setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, 100, Float.NEGATIVE_INFINITY);
            return new Tensor(tensor.name(), tensor.type(), tensor.shape(), copy);
        }
    }
}
