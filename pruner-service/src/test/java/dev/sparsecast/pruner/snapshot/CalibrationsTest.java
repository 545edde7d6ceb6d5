package dev.sparsecast.pruner.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsecast.checkpoint.ModelConfig;
import dev.sparsecast.checkpoint.Tap;
import dev.sparsecast.checkpoint.statistics.ModelStatistics;
import dev.sparsecast.checkpoint.statistics.TapSums;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class CalibrationsTest {
    private static final String DIGEST = "sha256:00";
    private static final ModelConfig CONFIG = TestStatistics.config(2);
    private static final GroupSnapshot PYTHON =
            TestStatistics.snapshot(CONFIG, TestStatistics.PYTHON, TestStatistics.content(CONFIG, 3), Instant.EPOCH);
    private static final GroupSnapshot JAVA =
            TestStatistics.snapshot(CONFIG, TestStatistics.JAVA, TestStatistics.content(CONFIG, 5), Instant.EPOCH);

    @Test
    void givesAGroupOfWeightOneAsItIs() {
        ModelStatistics mixed = Calibrations.mix(List.of(PYTHON), new double[] {1}, DIGEST);
        assertThat(mixed.tokens()).isEqualTo(PYTHON.content().decayedTokens());
        assertThat(mixed.prompts()).isEqualTo(PYTHON.decayedPrompts());
        assertThat(mixed.language()).isEqualTo("python");
        assertThat(mixed.modelDigest()).contains(DIGEST);
        for (int layer = 0; layer < 2; layer++) {
            for (Tap tap : Tap.values()) {
                assertThat(mixed.sums(layer, tap).sumSquares())
                        .containsExactly(PYTHON.layers().get(layer).get(tap).sumSquares());
                assertThat(mixed.sums(layer, tap).sum())
                        .containsExactly(PYTHON.layers().get(layer).get(tap).sum());
            }
        }
    }

    @Test
    void addsGroupsOfWeightOneExactly() {
        ModelStatistics mixed = Calibrations.mix(List.of(PYTHON, JAVA), new double[] {1, 1}, DIGEST);
        assertThat(mixed.tokens())
                .isEqualTo(PYTHON.content().decayedTokens() + JAVA.content().decayedTokens());
        assertThat(mixed.prompts()).isEqualTo(PYTHON.decayedPrompts() + JAVA.decayedPrompts());
        for (int layer = 0; layer < 2; layer++) {
            for (Tap tap : Tap.values()) {
                TapSums sums = mixed.sums(layer, tap);
                TapSums python = PYTHON.layers().get(layer).get(tap);
                TapSums java = JAVA.layers().get(layer).get(tap);
                for (int channel = 0; channel < sums.channels(); channel++) {
                    assertThat(sums.sumSquares()[channel])
                            .isEqualTo(python.sumSquares()[channel] + java.sumSquares()[channel]);
                    assertThat(sums.sum()[channel]).isEqualTo(python.sum()[channel] + java.sum()[channel]);
                }
            }
        }
    }

    @Test
    void countsATokenOfAGroupAsOftenAsItsWeightSays() {
        ModelStatistics weighted = Calibrations.mix(List.of(PYTHON, JAVA), new double[] {1, 2}, DIGEST);
        ModelStatistics twice = Calibrations.mix(List.of(PYTHON, JAVA, JAVA), new double[] {1, 1, 1}, DIGEST);
        assertThat(weighted.tokens()).isEqualTo(twice.tokens());
        for (Tap tap : Tap.values()) {
            double[] expected = twice.sums(1, tap).sumSquares();
            double[] actual = weighted.sums(1, tap).sumSquares();
            for (int channel = 0; channel < expected.length; channel++) {
                assertThat(actual[channel])
                        .isCloseTo(expected[channel], org.assertj.core.data.Offset.offset(expected[channel] * 1e-15));
            }
        }
    }
}
