package dev.sparsecast.wanda.selection;

import java.util.Arrays;

/** Finds the k-th lowest of some non-negative integers, digit by digit from the highest: 11, 10 and 10 bits. */
final class RadixSelect {
    private static final int[] SHIFTS = {20, 10, 0};
    private static final int FIRST_DIGITS = 1 << 11;
    private static final int DIGITS = 1 << 10;

    /** Counts of values at even and at odd places: scores are much alike, and adding twice to one count in turn is slow. */
    private final int[] even = new int[FIRST_DIGITS];

    private final int[] odd = new int[FIRST_DIGITS];
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
        int size = count;
        int result = 0;
        int left = rank;
        for (int shift : SHIFTS) {
            int digits = shift == SHIFTS[0] ? FIRST_DIGITS : DIGITS;
            countDigits(from, size, shift, digits);
            int digit = 0;
            for (int here = even[0] + odd[0]; here < left; here = even[digit] + odd[digit]) {
                left -= here;
                digit++;
            }
            size = keepDigit(from, size, shift, digits, digit);
            from = candidates;
            result |= digit << shift;
        }
        equal = size;
        rankAmongEqual = left;
        return result;
    }

    private void countDigits(int[] values, int count, int shift, int digits) {
        Arrays.fill(even, 0, digits, 0);
        Arrays.fill(odd, 0, digits, 0);
        int i = 0;
        for (; i + 1 < count; i += 2) {
            even[values[i] >>> shift & digits - 1]++;
            odd[values[i + 1] >>> shift & digits - 1]++;
        }
        if (i < count) {
            even[values[i] >>> shift & digits - 1]++;
        }
    }

    /** Collects the values with a digit; in place when they are the candidates, since none moves up. */
    private int keepDigit(int[] values, int count, int shift, int digits, int digit) {
        int[] kept = candidates;
        int found = 0;
        for (int i = 0; i < count; i++) {
            int value = values[i];
            kept[found] = value;
            found += (value >>> shift & digits - 1) == digit ? 1 : 0;
        }
        return found;
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
