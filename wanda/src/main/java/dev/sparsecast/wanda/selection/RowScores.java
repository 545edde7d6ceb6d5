package dev.sparsecast.wanda.selection;

/**
 * How the weights of a matrix are scored. Scores are finite or infinite float32 values that are not negative, so their
 * bits order them as integers.
 */
public sealed interface RowScores permits ActivationScores, RelativeImportance {
    /** The matrix. */
    WeightMatrix weights();

    /**
     * Scores a row.
     *
     * @param magnitudes the finite absolute values of the row's weights
     * @param scores where the bits of the scores go
     */
    void score(int row, float[] magnitudes, int[] scores);
}
