package dev.sparsecast.pruner.gate;

import dev.sparsecast.schemas.SubModelRelease.LossDifference;
import dev.sparsecast.worker.model.Evaluation;
import dev.sparsecast.worker.model.SequenceLoss;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * How sure the difference of two models is: the paired bootstrap (Efron and Tibshirani, An Introduction to the Bootstrap,
 * 1993, §13.3, percentile interval; paired on the same texts as by Koehn, EMNLP 2004). Whole prompts are drawn with
 * replacement, since tokens of one prompt are not independent; each draw gives {@code Σ differences / Σ tokens}. Pairing
 * removes what makes some prompts harder than others, which is far more than what two sub-models differ by.
 *
 * <p>The draws are seeded, so the same losses always give the same interval.
 */
final class PairedBootstrap {
    static final int DRAWS = 5_000;
    private static final long SEED = 0x5EED_0F_9A7EL;

    private PairedBootstrap() {}

    /**
     * Loss of a candidate minus that of another model, in nats per predicted token.
     *
     * @param candidate of the same sequences as {@code other}, in the same order, at least two
     * @param confidence share of such intervals that hold the true difference, such as 0.95
     */
    static LossDifference difference(Evaluation candidate, Evaluation other, double confidence) {
        List<SequenceLoss> mine = candidate.sequences();
        List<SequenceLoss> theirs = other.sequences();
        int count = mine.size();
        double[] differences = new double[count];
        long[] tokens = new long[count];
        double difference = 0;
        long allTokens = 0;
        for (int i = 0; i < count; i++) {
            if (mine.get(i).predictedTokens() != theirs.get(i).predictedTokens()) {
                throw new IllegalArgumentException("the models were measured on different sequences");
            }
            differences[i] = mine.get(i).negativeLogLikelihood() - theirs.get(i).negativeLogLikelihood();
            tokens[i] = mine.get(i).predictedTokens();
            difference += differences[i];
            allTokens += tokens[i];
        }
        double[] draws = draws(differences, tokens);
        double tail = (1 - confidence) / 2;
        return new LossDifference(difference / allTokens, quantile(draws, tail), quantile(draws, 1 - tail), confidence);
    }

    private static double[] draws(double[] differences, long[] tokens) {
        SplittableRandom random = new SplittableRandom(SEED);
        double[] draws = new double[DRAWS];
        for (int draw = 0; draw < DRAWS; draw++) {
            double difference = 0;
            long drawn = 0;
            for (int i = 0; i < differences.length; i++) {
                int prompt = random.nextInt(differences.length);
                difference += differences[prompt];
                drawn += tokens[prompt];
            }
            draws[draw] = difference / drawn;
        }
        Arrays.sort(draws);
        return draws;
    }

    private static double quantile(double[] sorted, double share) {
        return sorted[(int) Math.round(share * (sorted.length - 1))];
    }
}
