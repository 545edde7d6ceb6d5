package dev.sparsecast.checkpoint.statistics;

/**
 * Sums over tokens of one tap's input vector, per channel. Raw sums, so they add. The arrays are owned by this record's
 * maker and must not change afterwards.
 *
 * @param sumSquares {@code Σx²}
 * @param sum {@code Σx}
 */
@SuppressWarnings("ArrayRecordComponent")
public record TapSums(double[] sumSquares, double[] sum) {
    public int channels() {
        return sumSquares.length;
    }
}
