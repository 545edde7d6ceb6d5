package dev.sparsecast.wanda.selection;

/**
 * The scores of RIA (Zhang et al., ICLR 2024, equations 2 and 3 with a = 0.5):
 *
 * <pre>{@code (|W_ij| / c_j + |W_ij| / r_i) · (norm_j)^0.5}, where {@code c_j = Σ_i|W_ij|} and {@code r_i = Σ_j|W_ij|}</pre>
 *
 * All of it is computed in float64 and rounded once to float32, in this order, which an independent implementation must
 * follow to arrive at the same bits: {@code r_i} adds its row from left to right, {@code c_j} its column from top to
 * bottom; {@code u_i = 1 / r_i} and {@code v_j = 1 / c_j}, or 0 where the sum is 0; {@code f_j = sqrt(norm_j)}; the score
 * is {@code float32(|W_ij| · ((u_i + v_j) · f_j))}.
 */
public final class RelativeImportance implements RowScores {
    private final WeightMatrix weights;
    private final double[] rowShares;
    private final double[] columnShares;
    private final double[] factors;

    private RelativeImportance(WeightMatrix weights, double[] rowShares, double[] columnShares, double[] factors) {
        this.weights = weights;
        this.rowShares = rowShares;
        this.columnShares = columnShares;
        this.factors = factors;
    }

    /**
     * Adds up rows and columns of a matrix, in one pass.
     *
     * @param norms finite and not negative, a value for each column
     */
    public static RelativeImportance of(WeightMatrix weights, float[] norms) {
        float[] magnitudes = new float[weights.columns()];
        double[] rowSums = new double[weights.rows()];
        double[] columnSums = new double[weights.columns()];
        for (int row = 0; row < rowSums.length; row++) {
            weights.magnitudes(row, magnitudes);
            double sum = 0;
            for (int column = 0; column < magnitudes.length; column++) {
                sum += magnitudes[column];
                columnSums[column] += magnitudes[column];
            }
            rowSums[row] = sum;
        }
        double[] factors = new double[norms.length];
        for (int column = 0; column < factors.length; column++) {
            factors[column] = Math.sqrt(norms[column]);
        }
        return new RelativeImportance(weights, reciprocals(rowSums), reciprocals(columnSums), factors);
    }

    private static double[] reciprocals(double[] sums) {
        for (int i = 0; i < sums.length; i++) {
            sums[i] = sums[i] == 0 ? 0 : 1 / sums[i];
        }
        return sums;
    }

    @Override
    public WeightMatrix weights() {
        return weights;
    }

    @Override
    public void score(int row, float[] magnitudes, int[] scores) {
        double share = rowShares[row];
        for (int column = 0; column < scores.length; column++) {
            double score = magnitudes[column] * ((share + columnShares[column]) * factors[column]);
            scores[column] = Float.floatToRawIntBits((float) score);
        }
    }
}
