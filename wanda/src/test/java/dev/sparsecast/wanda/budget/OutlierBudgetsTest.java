package dev.sparsecast.wanda.budget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.wanda.Budget;
import dev.sparsecast.wanda.Calibration;
import dev.sparsecast.wanda.PruningException;
import dev.sparsecast.wanda.PruningParameters;
import dev.sparsecast.wanda.TestModels;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class OutlierBudgetsTest {
    @Test
    void blocksWithMoreOutliersKeepMoreWithinTwiceLambdaAroundTheSparsity() {
        List<Double> sparsities = OutlierBudgets.sparsities(new double[] {0.01, 0.03, 0.02, 0.01}, 0.7, 0.08);
        // stretched to 0, 0.16, 0.08, 0 with a mean of 0.06
        assertThat(sparsities.get(0)).isEqualTo(0.76, within(1e-12));
        assertThat(sparsities.get(1)).isEqualTo(0.60, within(1e-12));
        assertThat(sparsities.get(2)).isEqualTo(0.68, within(1e-12));
        assertThat(sparsities.get(3)).isEqualTo(0.76, within(1e-12));
    }

    @Test
    void blocksThatAreAlikeGetTheSame() {
        assertThat(OutlierBudgets.sparsities(new double[] {0.02, 0.02}, 0.5, 0.08))
                .containsExactly(0.5, 0.5);
    }

    @Test
    void sparsitiesDoNotDependOnThreads() {
        try (Checkpoint model = Checkpoint.open(TestModels.tinyCoder())) {
            PruningParameters asked = parameters(0.6, "owl");
            PruningParameters found = OutlierBudgets.resolve(asked, model, calibration(model), 1);
            assertThat(OutlierBudgets.resolve(asked, model, calibration(model), 3))
                    .isEqualTo(found);
            assertThat(OutlierBudgets.resolve(found, model, calibration(model), 3))
                    .isSameAs(found);
        }
    }

    @Test
    void aRangeThatLeavesZeroToOneIsRefused() {
        try (Checkpoint model = Checkpoint.open(TestModels.tinyCoder())) {
            assertThatThrownBy(
                            () -> OutlierBudgets.resolve(parameters(0.05, "owl:5:0.3"), model, calibration(model), 1))
                    .isInstanceOf(PruningException.class)
                    .hasMessageContaining("choose a smaller λ");
        }
    }

    @Test
    void sparsitiesForAnotherNumberOfLayersAreRefused() {
        try (Checkpoint model = Checkpoint.open(TestModels.tinyCoder())) {
            PruningParameters others =
                    parameters(0.5, "owl").with(new Budget.PerLayer(Budget.Owl.DEFAULT, Collections.nCopies(7, 0.5)));
            assertThatThrownBy(() -> OutlierBudgets.resolve(others, model, calibration(model), 1))
                    .isInstanceOf(PruningException.class)
                    .hasMessageContaining("7 layers but the model has 6");
        }
    }

    private static PruningParameters parameters(double sparsity, String budget) {
        return PruningParameters.parse("wanda", "unstructured", OptionalDouble.of(sparsity), Optional.of(budget));
    }

    private static Calibration calibration(Checkpoint model) {
        return Calibration.of(TestModels.madeUpStatistics(model.config()), model.config(), model.digest());
    }
}
