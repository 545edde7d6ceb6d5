package dev.sparsecast.streams.drift;

import dev.sparsecast.streams.state.StateReader;
import dev.sparsecast.streams.state.StateWriter;

/**
 * How far apart two samples of the same traffic are, per tap. If the root mean squares of {@code n} tokens scatter with
 * variance {@code v / n}, samples of {@code n} and {@code m} tokens lie {@code sqrt(v (1/n + 1/m))} apart; {@code v} is
 * learned from the distances between successive parts of the traffic, and says how far any window is from any reference
 * when nothing drifts.
 *
 * <p>The mean is a plain one at first and then forgets exponentially. A difference counts at most {@link #OUTLIER} times
 * what is known, so that a sudden change of the traffic does not teach itself as noise.
 */
final class NoiseFloor {
    private static final double OUTLIER = 4;
    private static final double LEAST_WEIGHT = 0.05;

    private final long samples;
    private final double[] variances;

    private NoiseFloor(long samples, double[] variances) {
        this.samples = samples;
        this.variances = variances;
    }

    static NoiseFloor unknown(int taps) {
        return new NoiseFloor(0, new double[taps]);
    }

    /** How many differences it was learned from. */
    long samples() {
        return samples;
    }

    /**
     * What is known after one more difference.
     *
     * @param part the newest part
     * @param before what came right before it
     * @param trusted number of samples from which on outliers are recognized
     */
    NoiseFloor learn(Rms part, Rms before, int trusted) {
        double tokens = 1 / (1 / part.tokens() + 1 / before.tokens());
        double weight = Math.max(LEAST_WEIGHT, 1.0 / (samples + 1));
        double[] learned = new double[variances.length];
        for (int tap = 0; tap < learned.length; tap++) {
            double distance = part.taps().get(tap).distanceFrom(before.taps().get(tap));
            double variance = distance * distance * tokens;
            if (samples >= trusted && variances[tap] > 0) {
                variance = Math.min(variance, OUTLIER * variances[tap]);
            }
            learned[tap] = variances[tap] + (variance - variances[tap]) * weight;
        }
        return new NoiseFloor(samples + 1, learned);
    }

    /** The distance to expect when nothing drifts between samples of {@code n} and {@code m} tokens. */
    double between(int tap, double n, double m) {
        return Math.sqrt(variances[tap] * (1 / n + 1 / m));
    }

    void write(StateWriter out) {
        out.putLong(samples).putDoubles(variances);
    }

    static NoiseFloor read(StateReader in) {
        return new NoiseFloor(in.getLong(), in.getDoubles());
    }
}
