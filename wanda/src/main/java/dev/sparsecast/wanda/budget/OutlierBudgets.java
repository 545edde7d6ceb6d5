package dev.sparsecast.wanda.budget;

import dev.sparsecast.checkpoint.PrunableModule;
import dev.sparsecast.checkpoint.Weights;
import dev.sparsecast.wanda.Budget;
import dev.sparsecast.wanda.Calibration;
import dev.sparsecast.wanda.PruningException;
import dev.sparsecast.wanda.PruningParameters;
import dev.sparsecast.wanda.parallel.TaskQueue;
import dev.sparsecast.wanda.selection.ActivationScores;
import dev.sparsecast.wanda.selection.ScoreReader;
import dev.sparsecast.wanda.selection.WeightMatrix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The sparsities of OWL: Yin et al., "Outlier Weighed Layerwise Sparsity (OWL)", ICML 2024 (arXiv 2310.05175).
 *
 * <p>Scores are {@code A_ij = float32(|W_ij|) · norm_j}, whatever the weights are pruned by afterwards. With those of all
 * modules of decoder block l taken together, {@code D_l} is the share of scores above {@code M · mean} (section 3.2). What
 * is kept of a block is {@code D_l}, stretched to a range of {@code 2λ} and moved so that its mean is {@code 1 - S}, as the
 * authors' program does it:
 *
 * <pre>{@code sparsity_l = S - 2λ · ((D_l - min D) / (max D - min D) - mean of the same over all blocks)}</pre>
 *
 * If all {@code D_l} are equal, so are the sparsities. Sums are float64: a row's from left to right, a block's over its
 * rows from the first row of the first module on.
 */
public final class OutlierBudgets {
    private OutlierBudgets() {}

    /**
     * Parameters in which the sparsity of every block is known.
     *
     * @return the same parameters if it is known already
     * @throws PruningException if a sparsity would not be in [0, 1), or a weight is NaN or infinite
     */
    public static PruningParameters resolve(
            PruningParameters parameters, Weights weights, Calibration calibration, int threads) {
        return switch (parameters.budget()) {
            case Budget.Uniform _ -> parameters;
            case Budget.PerLayer found -> {
                if (found.sparsities().size() != weights.config().layers()) {
                    throw new PruningException(
                            "there are sparsities of " + found.sparsities().size() + " layers but the model has "
                                    + weights.config().layers() + ": they are for another model");
                }
                yield parameters;
            }
            case Budget.Owl owl -> {
                double[] shares = outlierShares(weights, calibration, owl.multiple(), threads);
                yield parameters.with(
                        new Budget.PerLayer(owl, sparsities(shares, parameters.sparsity(), owl.spread())));
            }
        };
    }

    /** {@code D_l}: for each block the share of scores above {@code multiple} times their mean. */
    static double[] outlierShares(Weights weights, Calibration calibration, double multiple, int threads) {
        List<PrunableModule> modules = PrunableModule.of(weights.config());
        double[][] rowSums = new double[modules.size()][];
        TaskQueue.run(threads, modules.size(), () -> task -> {
            rowSums[task] = rowSums(modules.get(task), weights, calibration);
        });
        int layers = weights.config().layers();
        double[] sums = new double[layers];
        long[] counts = new long[layers];
        for (int i = 0; i < rowSums.length; i++) {
            int layer = modules.get(i).layer();
            for (double sum : rowSums[i]) {
                sums[layer] += sum;
            }
            counts[layer] += modules.get(i).weights();
        }
        long[] outliers = new long[modules.size()];
        TaskQueue.run(threads, modules.size(), () -> task -> {
            PrunableModule module = modules.get(task);
            double limit = multiple * (sums[module.layer()] / counts[module.layer()]);
            outliers[task] = countAbove(limit, module, weights, calibration);
        });
        long[] total = new long[layers];
        for (int i = 0; i < outliers.length; i++) {
            total[modules.get(i).layer()] += outliers[i];
        }
        double[] shares = new double[layers];
        Arrays.setAll(shares, layer -> (double) total[layer] / counts[layer]);
        return shares;
    }

    private static double[] rowSums(PrunableModule module, Weights weights, Calibration calibration) {
        ScoreReader reader = reader(module, weights, calibration);
        double[] sums = new double[module.rows()];
        for (int row = 0; row < sums.length; row++) {
            if (!reader.read(row)) {
                throw PruningException.notFinite(module.name(), row);
            }
            double sum = 0;
            for (int score : reader.scores()) {
                sum += Float.intBitsToFloat(score);
            }
            sums[row] = sum;
        }
        return sums;
    }

    private static long countAbove(double limit, PrunableModule module, Weights weights, Calibration calibration) {
        ScoreReader reader = reader(module, weights, calibration);
        long count = 0;
        for (int row = 0; row < module.rows(); row++) {
            reader.read(row);
            for (int score : reader.scores()) {
                count += Float.intBitsToFloat(score) > limit ? 1 : 0;
            }
        }
        return count;
    }

    private static ScoreReader reader(PrunableModule module, Weights weights, Calibration calibration) {
        WeightMatrix matrix = WeightMatrix.of(weights.tensor(module.weight()));
        return new ScoreReader(new ActivationScores(matrix, calibration.norms(module.layer(), module.tap())));
    }

    /** The formula above, in float64; the mean is a sum from the first block on, divided by their number. */
    static List<Double> sparsities(double[] outlierShares, double sparsity, double spread) {
        double least = Arrays.stream(outlierShares).min().orElse(0);
        double most = Arrays.stream(outlierShares).max().orElse(0);
        double[] stretched = new double[outlierShares.length];
        double sum = 0;
        for (int layer = 0; layer < stretched.length; layer++) {
            stretched[layer] = most > least ? (outlierShares[layer] - least) / (most - least) * (2 * spread) : 0;
            sum += stretched[layer];
        }
        List<Double> sparsities = new ArrayList<>();
        for (double value : stretched) {
            sparsities.add(sparsity - (value - sum / stretched.length));
        }
        return sparsities;
    }
}
