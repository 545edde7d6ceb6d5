package dev.sparsecast.streams.drift;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.sparsecast.schemas.TapTotals;
import dev.sparsecast.schemas.Totals;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NoiseFloorTest {
    private static final int CHANNELS = 500;

    private final Random random = new Random(1);

    @Test
    void predictsTheDistanceOfWindowsOfOtherSizes() {
        NoiseFloor noise = NoiseFloor.unknown(1);
        for (int i = 0; i < 50; i++) {
            noise = noise.learn(sample(100, 0), sample(300, 0), 5);
        }

        for (int window : new int[] {100, 1_000, 10_000}) {
            double expected = 0;
            for (int i = 0; i < 20; i++) {
                expected += distance(sample(window, 0), sample(700, 0)) / 20;
            }
            assertThat(noise.between(0, window, 700)).isCloseTo(expected, within(0.1 * expected));
        }
    }

    @Test
    void aSuddenShiftDoesNotTeachItselfAsNoise() {
        NoiseFloor noise = NoiseFloor.unknown(1);
        for (int i = 0; i < 20; i++) {
            noise = noise.learn(sample(100, 0), sample(100, 0), 5);
        }
        double before = noise.between(0, 100, 100);

        noise = noise.learn(sample(100, 0.8), sample(100, 0), 5);

        assertThat(noise.between(0, 100, 100)).isBetween(before, 1.1 * before);
    }

    @Test
    void noiseThatStaysHigherIsLearned() {
        NoiseFloor noise = NoiseFloor.unknown(1);
        for (int i = 0; i < 20; i++) {
            noise = noise.learn(sample(100, 0, 0.1), sample(100, 0, 0.1), 5);
        }

        for (int i = 0; i < 150; i++) {
            noise = noise.learn(sample(100, 0, 2), sample(100, 0, 2), 5);
        }

        double actual = distance(sample(100, 0, 2), sample(100, 0, 2));
        assertThat(noise.samples()).isEqualTo(170);
        assertThat(noise.between(0, 100, 100)).isCloseTo(actual, within(0.15 * actual));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 50, 400, 5_000})
    void decayedTotalsCountForAsManyTokensAsScatterAsMuch(int tokens) {
        double halfLife = 200;
        double weights = 0;
        double squares = 0;
        for (int age = 0; age < tokens; age++) {
            double weight = Math.pow(2, -(age + 0.5) / halfLife);
            weights += weight;
            squares += weight * weight;
        }

        Rms rms = Rms.of(new Totals(weights, 1, List.of(tap(new double[] {weights}))), halfLife);

        assertThat(rms.tokens()).isCloseTo(weights * weights / squares, within(0.01 * weights));
        assertThat(distance(rms, rms)).isZero();
    }

    private Rms sample(int tokens, double shift) {
        return sample(tokens, shift, 1);
    }

    /** Root mean squares of so many tokens; every other channel is shifted. */
    private Rms sample(int tokens, double shift, double scatter) {
        double[] squares = new double[CHANNELS];
        for (int channel = 0; channel < CHANNELS; channel++) {
            double noise = scatter * random.nextGaussian() / Math.sqrt(tokens);
            double level = 1 + (channel % 2 == 0 ? shift : 0) + noise;
            squares[channel] = level * level * tokens;
        }
        return Rms.of(new Totals(tokens, 1, List.of(tap(squares))), Double.POSITIVE_INFINITY);
    }

    private static double distance(Rms one, Rms other) {
        return one.taps().getFirst().distanceFrom(other.taps().getFirst());
    }

    private static TapTotals tap(double[] squares) {
        return new TapTotals("mlp_input", squares, new double[squares.length]);
    }
}
