package dev.sparsecast.wanda.selection;

import static jdk.incubator.vector.VectorOperators.ADD;
import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHR;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Finds the threshold between the lowest of a few candidates and the rest. They are spread about evenly over their
 * bracket, so a search by interpolation needs few counts.
 */
final class CandidateSearch {
    private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_256;
    private static final int LANES = INTS.length();

    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private byte[] marks = new byte[2 * Long.BYTES];
    private int threshold;
    private int equal;
    private int equalPruned;

    /**
     * Finds the threshold.
     *
     * @param candidates values from {@code low} to {@code high}; anything from {@code count} on
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
        // fewer than needed are <= under, more than needed are <= over
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

    /** Marks the candidates above the threshold. */
    void markKept(int[] candidates, int count) {
        mark(candidates, count, GT);
    }

    /** Marks the candidates at the threshold. */
    void markEqual(int[] candidates, int count) {
        mark(candidates, count, EQ);
    }

    private void mark(int[] candidates, int count, VectorOperators.Comparison comparison) {
        if (marks.length < count / Byte.SIZE + 2 * Long.BYTES) {
            marks = new byte[count / Byte.SIZE * 2 + 2 * Long.BYTES];
        }
        for (int i = 0; i < count; i += LANES) {
            marks[i / LANES] = (byte) IntVector.fromArray(INTS, candidates, i)
                    .compare(comparison, threshold)
                    .toLong();
        }
    }

    /** The marks of 64 candidates from a position on. */
    long marks(int position) {
        int first = position / Byte.SIZE;
        int shift = position % Byte.SIZE;
        long low = (long) LONGS.get(marks, first);
        long high = marks[first + Long.BYTES] & 0xffL;
        // shifted in two steps, since a shift by 64 would be one by 0
        return (low >>> shift) | (high << 1 << (Long.SIZE - 1 - shift));
    }

    private static int countAbove(int[] candidates, int count, int value) {
        IntVector highest = IntVector.broadcast(INTS, value);
        IntVector counts = IntVector.zero(INTS);
        int i = 0;
        for (; i < INTS.loopBound(count); i += LANES) {
            // value - candidate < 0 exactly if the candidate is above; neither is far below 0, so nothing overflows
            counts = counts.add(
                    highest.sub(IntVector.fromArray(INTS, candidates, i)).lanewise(LSHR, Integer.SIZE - 1));
        }
        int above = counts.reduceLanes(ADD);
        for (; i < count; i++) {
            above += candidates[i] > value ? 1 : 0;
        }
        return above;
    }
}
