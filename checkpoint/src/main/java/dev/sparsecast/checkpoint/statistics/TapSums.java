package dev.sparsecast.checkpoint.statistics;

/**
 * Sums over tokens of one tap's input vector, per channel. Raw sums, so they add. The arrays are owned by this record's
 * maker and must not change afterwards.
 *
 * @param sumSquares {@code Σx²}
 * @param sum {@code Σx}, of the same length
 */
@SuppressWarnings("ArrayRecordComponent")
public record TapSums(double[] sumSquares, double[] sum) {
    public TapSums {
        if (sumSquares.length != sum.length) {
            throw new IllegalArgumentException(
                    "sums of squares of " + sumSquares.length + " channels, but sums of " + sum.length);
        }
    }

    public int channels() {
        return sumSquares.length;
    }

    /** Mean squares {@code Σx²/n} per channel, a new array. */
    public double[] meanSquares(double tokens) {
        double[] means = new double[sumSquares.length];
        for (int channel = 0; channel < means.length; channel++) {
            means[channel] = sumSquares[channel] / tokens;
        }
        return means;
    }
}
