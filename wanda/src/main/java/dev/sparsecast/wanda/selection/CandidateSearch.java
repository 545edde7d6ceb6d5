package dev.sparsecast.wanda.selection;

import static jdk.incubator.vector.VectorOperators.GT;

import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Splits a few candidates, given in order of their columns, into the lowest and the rest. The candidates are spread
 * about evenly over their bracket, so a search by interpolation needs few counts.
 */
final class CandidateSearch {
    private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_256;
    private static final int LANES = INTS.length();
    private static final int ALL = Integer.MAX_VALUE;

    private long[] keep = new long[2];
    private int threshold;

    /** How many candidates equal to the threshold are pruned, the first ones; all of them if {@link #ALL}. */
    private int prunedEqual;

    /**
     * Finds where the lowest end.
     *
     * @param candidates values from {@code low} to {@code high}; anything from {@code count} on
     * @param needed how many are pruned, from 0 to {@code count}
     */
    void find(int[] candidates, int count, int low, int high, int needed) {
        prunedEqual = ALL;
        if (needed == 0) {
            threshold = low - 1;
            return;
        }
        if (needed == count) {
            threshold = high;
            return;
        }
        // invariant: fewer than needed are <= under, more than needed are <= over
        int under = low - 1;
        int underCount = 0;
        int over = high;
        int overCount = count;
        for (int step = 0; over - under > 1; step++) {
            int middle = middle(under, underCount, over, overCount, needed, step);
            int upTo = count - countAbove(candidates, count, middle);
            if (upTo == needed) {
                threshold = middle;
                return;
            }
            if (upTo < needed) {
                under = middle;
                underCount = upTo;
            } else {
                over = middle;
                overCount = upTo;
            }
        }
        threshold = over;
        prunedEqual = needed - underCount;
    }

    /** Interpolates; every third time halves, so that no distribution makes it slow. */
    private static int middle(int under, int underCount, int over, int overCount, int needed, int step) {
        if (step % 3 == 2) {
            return under + (over - under) / 2;
        }
        long share = (long) (over - under) * (needed - underCount) / (overCount - underCount);
        return Math.clamp(under + share, under + 1, over - 1);
    }

    /** The highest value of which at least one candidate is pruned, or one between that and the next. */
    int threshold() {
        return threshold;
    }

    /** Makes the bits that say which candidates are kept. */
    void keepBits(int[] candidates, int count) {
        int words = count / Long.SIZE + 2;
        if (keep.length < words) {
            keep = new long[words * 2];
        }
        for (int word = 0; word * Long.SIZE < count; word++) {
            long bits = 0;
            for (int i = 0; i < Long.SIZE; i += LANES) {
                if (word * Long.SIZE + i < count) {
                    bits |= IntVector.fromArray(INTS, candidates, word * Long.SIZE + i)
                                    .compare(GT, threshold)
                                    .toLong()
                            << i;
                }
            }
            keep[word] = bits;
        }
        if (prunedEqual != ALL) {
            keepLaterEquals(candidates, count);
        }
    }

    private void keepLaterEquals(int[] candidates, int count) {
        int seen = 0;
        for (int i = 0; i < count; i++) {
            if (candidates[i] == threshold && ++seen > prunedEqual) {
                keep[i / Long.SIZE] |= 1L << i % Long.SIZE;
            }
        }
    }

    /** The bits of up to 64 candidates from a position on. */
    long keepBitsFrom(int position) {
        int word = position / Long.SIZE;
        int shift = position % Long.SIZE;
        // shifted in two steps, since a shift by 64 would be one by 0
        return keep[word] >>> shift | keep[word + 1] << 1 << Long.SIZE - 1 - shift;
    }

    private static int countAbove(int[] candidates, int count, int value) {
        int above = 0;
        int i = 0;
        for (; i < INTS.loopBound(count); i += LANES) {
            above += IntVector.fromArray(INTS, candidates, i).compare(GT, value).trueCount();
        }
        for (; i < count; i++) {
            above += candidates[i] > value ? 1 : 0;
        }
        return above;
    }
}
