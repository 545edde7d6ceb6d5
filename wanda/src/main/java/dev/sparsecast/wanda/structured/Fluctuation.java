package dev.sparsecast.wanda.structured;

import dev.sparsecast.checkpoint.Tap;
import dev.sparsecast.checkpoint.Tensor;
import dev.sparsecast.checkpoint.statistics.TapSums;

/**
 * How much a linear layer's output would miss each input channel, if the channel always had its mean: {@code var_j · Σ_i
 * W_ij²} with {@code var_j = Σx_j²/n - μ_j²} (at least 0) and {@code μ_j = Σx_j/n}. An et al., "Fluctuation-based Adaptive
 * Structured Pruning for Large Language Models" (FLAP), AAAI 2024, arXiv 2312.11983, equation 4. In float64 throughout,
 * sums from the first row or channel on.
 */
final class Fluctuation {
    private Fluctuation() {}

    /** A score for each input channel. */
    static double[] scores(Tensor weight, TapSums sums, double tokens) {
        int columns = weight.columns();
        double[] scores = new double[columns];
        for (int row = 0; row < weight.rows(); row++) {
            for (int channel = 0; channel < columns; channel++) {
                double value = weight.get((long) row * columns + channel);
                scores[channel] += value * value;
            }
        }
        for (int channel = 0; channel < columns; channel++) {
            double mean = sums.sum()[channel] / tokens;
            scores[channel] *= Math.max(0, sums.sumSquares()[channel] / tokens - mean * mean);
        }
        return scores;
    }

    /** Sums of {@code size} consecutive scores. */
    static double[] grouped(double[] scores, int size) {
        double[] sums = new double[scores.length / size];
        for (int channel = 0; channel < scores.length; channel++) {
            sums[channel / size] += scores[channel];
        }
        return sums;
    }

    /** What the removed channels contribute on average, {@code Σ_removed W_ij · μ_j}, a value for each output. */
    static double[] compensation(Tensor weight, TapSums sums, double tokens, boolean[] kept) {
        int columns = weight.columns();
        double[] bias = new double[weight.rows()];
        for (int row = 0; row < bias.length; row++) {
            for (int column = 0; column < columns; column++) {
                if (!kept[column]) {
                    bias[row] += weight.get((long) row * columns + column) * (sums.sum()[column] / tokens);
                }
            }
        }
        return bias;
    }

    /** The linear layer of a block that reads a tap whose channels can go: o or down. */
    static String module(int layer, Tap tap) {
        return "model.layers." + layer + "." + tap.modules().getFirst();
    }
}
