package dev.sparsecast.wanda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.checkpoint.ModelConfig;
import dev.sparsecast.checkpoint.Tap;
import dev.sparsecast.checkpoint.statistics.ModelStatistics;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CalibrationTest {
    private static final ModelConfig CONFIG = config();

    private static ModelConfig config() {
        try (Checkpoint model = Checkpoint.open(TestModels.tinyCoder())) {
            return model.config();
        }
    }

    @Test
    void normsAreRootMeanSquaresRoundedOnce() {
        ModelStatistics statistics =
                TestModels.with(TestModels.madeUpStatistics(CONFIG), 2, Tap.MLP_HIDDEN, 500, 1234 * 0.3);
        Calibration calibration = Calibration.of(statistics, CONFIG, "sha256:x");
        assertThat(calibration.norms(2, Tap.MLP_HIDDEN)[500]).isEqualTo((float) Math.sqrt(1234 * 0.3 / 1234));
        assertThat(calibration.norms(2, Tap.MLP_HIDDEN)).hasSize(512);
        assertThat(calibration.modelDigest()).isEqualTo("sha256:x");
    }

    @Test
    void aNegativeZeroBecomesZero() {
        ModelStatistics statistics = TestModels.with(TestModels.madeUpStatistics(CONFIG), 0, Tap.MLP_INPUT, 7, -0.0);
        float norm = Calibration.of(statistics, CONFIG, "sha256:x").norms(0, Tap.MLP_INPUT)[7];
        assertThat(Float.floatToRawIntBits(norm)).isZero();
    }

    @ParameterizedTest
    @ValueSource(doubles = {-1, Double.NaN, Double.POSITIVE_INFINITY, 1e200})
    void sumsWithoutAFiniteRootAreRefusedByModuleAndChannel(double sum) {
        ModelStatistics statistics =
                TestModels.with(TestModels.madeUpStatistics(CONFIG), 3, Tap.ATTENTION_OUTPUT, 11, sum);
        assertThatThrownBy(() -> Calibration.of(statistics, CONFIG, "sha256:x"))
                .isInstanceOf(PruningException.class)
                .hasMessageContaining("module model.layers.3.self_attn.o_proj")
                .hasMessageContaining("channel 11");
    }

    @Test
    void statisticsOfAnotherModelAreRefused() {
        ModelStatistics plain = TestModels.madeUpStatistics(CONFIG);
        ModelStatistics named = new ModelStatistics(
                plain.tokens(),
                plain.prompts(),
                plain.language(),
                plain.domain(),
                Optional.of("sha256:y"),
                plain.layers());
        assertThatThrownBy(() -> Calibration.of(named, CONFIG, "sha256:x"))
                .isInstanceOf(PruningException.class)
                .hasMessageContaining("sha256:y")
                .hasMessageContaining("sha256:x");
        assertThat(Calibration.of(named, CONFIG, "sha256:y").modelDigest()).isEqualTo("sha256:y");
    }

    @Test
    void statisticsWithoutTokensOrWithTooFewLayersAreRefused() {
        ModelStatistics plain = TestModels.madeUpStatistics(CONFIG);
        assertThatThrownBy(() -> Calibration.of(
                        new ModelStatistics(0, 0, "a", "b", Optional.empty(), plain.layers()), CONFIG, "sha256:x"))
                .isInstanceOf(PruningException.class)
                .hasMessageContaining("0.0 tokens");
        assertThatThrownBy(() -> Calibration.of(
                        new ModelStatistics(
                                1, 1, "a", "b", Optional.empty(), plain.layers().subList(0, 5)),
                        CONFIG,
                        "sha256:x"))
                .isInstanceOf(PruningException.class)
                .hasMessageContaining("5 layers but the model has 6");
    }
}
