package dev.sparsecast.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

/** The frequencies of a head of 16 channels and base 10,000, which are 10^(-i/2). */
class RotaryPositionsTest {
    private static final int HEAD = 16;

    @Test
    void unscaledFrequenciesFallFromOne() {
        assertFrequencies(
                new RotaryPositions.Unscaled(), 1, 0.316228, 0.1, 0.0316228, 0.01, 0.00316228, 0.001, 0.000316228);
    }

    @Test
    void linearScalingDividesThemAll() {
        assertFrequencies(
                new RotaryPositions.Linear(4),
                0.25,
                0.0790569,
                0.025,
                0.00790569,
                0.0025,
                0.000790569,
                0.00025,
                0.0000790569);
    }

    /** Wavelengths to 2,500 stay, those from 10,000 on are divided, and 6,283 (i = 6) is blended. */
    @Test
    void llama3KeepsTheHighAndDividesTheLow() {
        double share = (10_000 / (2 * Math.PI / 0.001) - 1) / 3;

        assertFrequencies(
                new RotaryPositions.Llama3(8, 1, 4, 10_000),
                1,
                0.316228,
                0.1,
                0.0316228,
                0.01,
                0.00316228,
                (1 - share) * 0.001 / 8 + share * 0.001,
                0.000316228 / 8);
    }

    private static void assertFrequencies(RotaryPositions.Scaling scaling, double... expected) {
        float[] actual = new RotaryPositions(10_000, scaling).frequencies(HEAD);

        assertThat(actual).hasSize(HEAD / 2);
        for (int i = 0; i < expected.length; i++) {
            assertThat((double) actual[i]).isCloseTo(expected[i], within(2e-6 * expected[i]));
        }
    }
}
