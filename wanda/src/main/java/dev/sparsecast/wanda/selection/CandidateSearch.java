package dev.sparsecast.wanda.selection;

import static jdk.incubator.vector.VectorOperators.ADD;
import static jdk.incubator.vector.VectorOperators.GT;

import java.util.Arrays;
import jdk.incubator.vector.IntVector;

/**
 * Finds the threshold between the lowest of a few candidates and the rest. They are spread about evenly over their
 * bracket, so a search by interpolation needs few counts.
 */
final class CandidateSearch {
    private int threshold;
    private int equal;
    private int equalPruned;

    /**
     * Finds the threshold.
     *
     * @param candidates values from {@code low} to {@code high}, with room for a vector more, which is overwritten
     * @param needed how many are pruned, from 0 to {@code count}
     */
    void find(int[] candidates, int count, int low, int high, int needed) {
        equal = 0;
        equalPruned = 0;
        if (needed == 0) {
            threshold = low - 1;
            return;
        }
        if (needed == count) {
            threshold = high;
            return;
        }
        int padded = Math.ceilDiv(count, Lanes.COUNT) * Lanes.COUNT;
        Arrays.fill(candidates, count, padded, Integer.MAX_VALUE);
        // fewer than needed are <= under, more than needed are <= over
        int under = low - 1;
        int underCount = 0;
        int over = high;
        int overCount = count;
        for (int step = 0; over - under > 1; step++) {
            int middle = middle(under, underCount, over, overCount, needed, step);
            int upTo = padded - countAbove(candidates, padded, middle);
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
        equal = overCount - underCount;
        equalPruned = needed - underCount;
    }

    /** Interpolates; every third time halves, so that no distribution makes it slow. */
    private static int middle(int under, int underCount, int over, int overCount, int needed, int step) {
        if (step % 3 == 2) {
            return under + (over - under) / 2;
        }
        long share = (long) (over - under) * (needed - underCount) / (overCount - underCount);
        return Math.clamp(under + share, under + 1, over - 1);
    }

    private static int countAbove(int[] candidates, int padded, int value) {
        IntVector counts = IntVector.zero(Lanes.INTS);
        for (int i = 0; i < padded; i += Lanes.COUNT) {
            counts =
                    counts.add(1, IntVector.fromArray(Lanes.INTS, candidates, i).compare(GT, value));
        }
        return counts.reduceLanes(ADD);
    }

    /** Candidates above it are kept, those below pruned. */
    int threshold() {
        return threshold;
    }

    /** How many candidates equal the threshold, if just some of them are pruned; else 0. */
    int equal() {
        return equal;
    }

    /** How many of those are pruned. */
    int equalPruned() {
        return equalPruned;
    }
}
