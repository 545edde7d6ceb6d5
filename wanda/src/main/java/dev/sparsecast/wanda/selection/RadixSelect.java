package dev.sparsecast.wanda.selection;

import java.util.Arrays;

/** Finds the k-th lowest of some non-negative integers, digit by digit from the highest. */
final class RadixSelect {
    private static final int[] SHIFTS = {20, 10, 0};
    private static final int DIGIT = 0x7ff;

    private final int[] histogram = new int[DIGIT + 1];
    private int[] candidates = new int[0];
    private int equal;
    private int rankAmongEqual;

    /**
     * The k-th lowest value; {@code values} stay as they are.
     *
     * @param rank k, from 1 to {@code count}
     */
    int select(int[] values, int count, int rank) {
        if (candidates.length < count) {
            candidates = new int[count];
        }
        int[] from = values;
        int left = rank;
        int size = count;
        int prefix = 0;
        for (int shift : SHIFTS) {
            Arrays.fill(histogram, 0);
            int mask = shift == SHIFTS[0] ? DIGIT : DIGIT >>> 1;
            for (int i = 0; i < size; i++) {
                histogram[from[i] >>> shift & mask]++;
            }
            int digit = 0;
            while (histogram[digit] < left) {
                left -= histogram[digit++];
            }
            prefix |= digit << shift;
            int found = 0;
            for (int i = 0; i < size; i++) {
                int value = from[i];
                candidates[found] = value; // in place, since found <= i
                found += (value >>> shift & mask) == digit ? 1 : 0;
            }
            from = candidates;
            size = found;
        }
        equal = size;
        rankAmongEqual = left;
        return prefix;
    }

    /** After {@link #select}: how many values equal the result. */
    int equal() {
        return equal;
    }

    /** After {@link #select}: how many of those are among the k lowest, at least 1. */
    int rankAmongEqual() {
        return rankAmongEqual;
    }
}
