package dev.sparsecast.wanda.selection;

/**
 * {@code float32(|W_ij|) · norm_j}, rounded once to float32: what {@link SelectionKernel}s compute for themselves.
 *
 * @param norms finite and not negative, a value for each column
 */
@SuppressWarnings("ArrayRecordComponent")
public record ActivationScores(WeightMatrix weights, float[] norms) implements RowScores {
    @Override
    public void score(int row, float[] magnitudes, int[] scores) {
        for (int column = 0; column < scores.length; column++) {
            scores[column] = Float.floatToRawIntBits(magnitudes[column] * norms[column]);
        }
    }
}
