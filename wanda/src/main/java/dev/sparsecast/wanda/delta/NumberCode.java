package dev.sparsecast.wanda.delta;

/**
 * The two kinds of numbers in a tile of a delta, on either side of the coder (see {@link BinaryCoder}):
 *
 * <ul>
 *   <li>how many bits of a column flip: its length in bits in unary, then the bits behind the first one; all but the lowest
 *       bits of long numbers adaptive;
 *   <li>how many candidates are passed over before the next one that flips: by Golomb's code (1966) with the power of two
 *       that suits the density of what is left, where the quotient is adaptive and so makes up for the roundness.
 * </ul>
 */
final class NumberCode {
    private static final int LENGTHS = 32;
    private static final int TREE = 8;
    private static final int TREE_BITS = 3;
    private static final int HINTS = 8;
    private static final int QUOTIENTS = 8;
    private static final int FRACTIONS = 4;
    private static final int DIRECT_BITS = 16;

    private static final int LENGTH_CONTEXTS = 0;
    private static final int MANTISSA_CONTEXTS = LENGTH_CONTEXTS + 2 * HINTS * LENGTHS;
    private static final int QUOTIENT_CONTEXTS = MANTISSA_CONTEXTS + 2 * LENGTHS * TREE;
    private static final int REMAINDER_CONTEXTS = QUOTIENT_CONTEXTS + LENGTHS * FRACTIONS * QUOTIENTS;

    /** Number of adaptive probabilities. */
    private static final int CONTEXTS = REMAINDER_CONTEXTS + LENGTHS * FRACTIONS;

    private final BinaryCoder coder;

    NumberCode(BinaryCoder coder) {
        this.coder = coder;
    }

    /** Fresh probabilities for one tile. */
    static AdaptiveBits probabilities() {
        return new AdaptiveBits(CONTEXTS);
    }

    /**
     * A count from 0 to {@code limit}.
     *
     * @param kind 0 or 1: counts of different kinds are learnt apart
     * @param hint a number that the count is likely to go with
     */
    int count(int count, int limit, int kind, int hint) {
        int context = LENGTH_CONTEXTS + (kind * HINTS + Math.min(length(hint), HINTS - 1)) * LENGTHS;
        int length = 0;
        while (length < length(limit) && coder.bit(context + length, length < length(count))) {
            length++;
        }
        int decoded = length < 2 ? length : mantissa(count, length, kind);
        if (decoded > limit) {
            throw new DamagedCodeException("a count is out of range");
        }
        return decoded;
    }

    private int mantissa(int count, int length, int kind) {
        int context = MANTISSA_CONTEXTS + (kind * LENGTHS + length) * TREE;
        int value = 1;
        int low = length - 1;
        for (; low > 0 && length - 1 - low < TREE_BITS; low--) {
            value = value << 1 | (coder.bit(context + value, (count >>> low - 1 & 1) != 0) ? 1 : 0);
        }
        return value << low | direct(count & (1 << low) - 1, low);
    }

    /**
     * A gap from 0 to {@code candidates - flips}.
     *
     * @param candidates those that are left
     * @param flips how many of them flip, at least 1
     */
    int gap(int gap, int candidates, int flips) {
        int largest = candidates - flips;
        if (largest == 0) {
            return 0;
        }
        // four times the gap that is as likely to be exceeded as not, ln 2 · candidates / flips
        int expected = (int) ((long) candidates * 44 / ((long) flips * 16));
        int shift = Math.max(length(expected) - 3, 0);
        int fraction = expected >>> shift & FRACTIONS - 1;
        int context = shift * FRACTIONS + fraction;
        int quotient = 0;
        while (quotient < largest >>> shift
                && coder.bit(
                        QUOTIENT_CONTEXTS + context * QUOTIENTS + Math.min(quotient, QUOTIENTS - 1),
                        quotient < gap >>> shift)) {
            quotient++;
        }
        int decoded = quotient << shift;
        if (shift > 0) {
            boolean upper = coder.bit(REMAINDER_CONTEXTS + context, (gap >>> shift - 1 & 1) != 0);
            decoded |= (upper ? 1 << shift - 1 : 0) | direct(gap & (1 << shift - 1) - 1, shift - 1);
        }
        if (decoded > largest) {
            throw new DamagedCodeException("a gap is out of range");
        }
        return decoded;
    }

    private int direct(int value, int count) {
        if (count <= DIRECT_BITS) {
            return coder.bits(count, value);
        }
        int upper = coder.bits(count - DIRECT_BITS, value >>> DIRECT_BITS);
        return upper << DIRECT_BITS | coder.bits(DIRECT_BITS, value & (1 << DIRECT_BITS) - 1);
    }

    /** Bits of a number without its leading zeros. */
    private static int length(int number) {
        return Integer.SIZE - Integer.numberOfLeadingZeros(number);
    }
}
