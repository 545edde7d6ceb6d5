package dev.sparsecast.wanda.selection;

import static jdk.incubator.vector.VectorOperators.ADD;
import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LE;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;

/**
 * Finds the lowest scores of whole rows without sorting them. {@link ThresholdForecast} predicts a narrow bracket for the
 * row's threshold. One pass counts the scores below the bracket and collects the few inside it; the count tells how many
 * of those are still to be pruned, and {@link CandidateSearch} finds the exact threshold among them. A second pass
 * compares all scores with it. When the bracket misses, the counts tell where to look instead; after that a radix select
 * decides.
 *
 * <p>Each loop over the row is a method of its own that the compiler takes as a whole: one that grows past the compiler's
 * limits for inlining makes calls of vector operations and objects of vectors.
 */
final class BracketSelect implements VectorKernel.RowMasker {
    private static final int ATTEMPTS = 3;

    private final int columns;
    private final int padded;
    private final int pruned;
    private final ThresholdForecast forecast = new ThresholdForecast();
    private final CandidateSearch search = new CandidateSearch();
    private final RadixSelect radixSelect = new RadixSelect();
    private final long[] bits;
    private final long[] equals;
    private final int[] inside;
    private int below;

    /** @param columns without padding */
    BracketSelect(int columns, int pruned) {
        this.columns = columns;
        this.padded = Lanes.padded(columns);
        this.pruned = pruned;
        this.bits = new long[padded / Long.SIZE];
        this.equals = new long[padded / Long.SIZE];
        this.inside = new int[padded + Lanes.COUNT];
        Arrays.fill(bits, -1); // all that pruning none needs
    }

    @Override
    public long[] mask(float[] magnitudes, float sum, float[] norms) {
        if (pruned == 0) {
            return bits;
        }
        boolean predicted = forecast.begin(sum);
        for (int attempt = 0; predicted && attempt < ATTEMPTS; attempt++) {
            int found = split(magnitudes, norms, forecast.low(), forecast.high());
            int needed = pruned - below;
            if (needed >= 0 && needed <= found) {
                search.find(inside, found, forecast.low(), forecast.high(), needed);
                keep(magnitudes, norms, search.threshold(), search.equal(), search.equalPruned());
                return bits;
            }
            predicted = forecast.missed(found, needed);
        }
        int threshold = radixSelect.select(scores(magnitudes, norms), columns, pruned);
        keep(magnitudes, norms, threshold, radixSelect.equal(), radixSelect.rankAmongEqual());
        return bits;
    }

    /** Counts the scores below the bracket and collects those inside; returns how many those are. */
    private int split(float[] magnitudes, float[] norms, int low, int high) {
        int[] collected = inside;
        int found = 0;
        IntVector notBelow = IntVector.zero(Lanes.INTS);
        for (int column = 0; column < padded; column += Lanes.COUNT) {
            IntVector score = score(magnitudes, norms, column);
            VectorMask<Integer> atLeast = score.compare(GE, low);
            VectorMask<Integer> between = score.compare(LE, high, atLeast);
            notBelow = notBelow.add(1, atLeast);
            score.compress(between).intoArray(collected, found);
            found += between.trueCount();
        }
        below = padded - notBelow.reduceLanes(ADD);
        return found;
    }

    /** Keeps what is above the threshold, and of the {@code equal} scores at it all but the first ones. */
    private void keep(float[] magnitudes, float[] norms, int threshold, int equal, int equalPruned) {
        forecast.observe(threshold);
        markAbove(magnitudes, norms, threshold, bits);
        if (equalPruned < equal) {
            markEqual(magnitudes, norms, threshold, equals);
            int left = equalPruned;
            for (int word = 0; word < bits.length; word++) {
                long later = equals[word];
                for (; left > 0 && later != 0; left--) {
                    later &= later - 1;
                }
                bits[word] |= later;
            }
        }
    }

    private static void markAbove(float[] magnitudes, float[] norms, int threshold, long[] marks) {
        for (int word = 0; word < marks.length; word++) {
            long mark = 0;
            for (int bit = 0; bit < Long.SIZE; bit += Lanes.COUNT) {
                mark |= score(magnitudes, norms, word * Long.SIZE + bit)
                                .compare(GT, threshold)
                                .toLong()
                        << bit;
            }
            marks[word] = mark;
        }
    }

    private static void markEqual(float[] magnitudes, float[] norms, int threshold, long[] marks) {
        for (int word = 0; word < marks.length; word++) {
            long mark = 0;
            for (int bit = 0; bit < Long.SIZE; bit += Lanes.COUNT) {
                mark |= score(magnitudes, norms, word * Long.SIZE + bit)
                                .compare(EQ, threshold)
                                .toLong()
                        << bit;
            }
            marks[word] = mark;
        }
    }

    /** Scores are not negative, so their bits order them as integers. */
    private static IntVector score(float[] magnitudes, float[] norms, int column) {
        return FloatVector.fromArray(Lanes.FLOATS, magnitudes, column)
                .mul(FloatVector.fromArray(Lanes.FLOATS, norms, column))
                .reinterpretAsInts();
    }

    private int[] scores(float[] magnitudes, float[] norms) {
        int[] scores = new int[columns];
        for (int column = 0; column < columns; column++) {
            scores[column] = Float.floatToRawIntBits(magnitudes[column] * norms[column]);
        }
        return scores;
    }
}
