package dev.sparsecast.wanda.delta;

import java.io.ByteArrayOutputStream;

/**
 * A range coder (Martin 1979) for binary decisions: a code is a number that lies in an interval, and each decision cuts the
 * interval in the proportion of its probabilities. 32 bits of range, bytes out, carries held back until they are settled.
 */
final class RangeEncoder implements BinaryCoder {
    /** The range never stays below this. */
    static final long LOWEST_RANGE = 1L << 24;

    /** The range at the beginning. */
    static final long WHOLE_RANGE = 0xffff_ffffL;

    /** Bytes that a code has at least. */
    static final int LEAST_BYTES = 4;

    private final AdaptiveBits probabilities;
    private final ByteArrayOutputStream code = new ByteArrayOutputStream();
    private long low;
    private long range = WHOLE_RANGE;
    /** The last byte that a carry may still change; -1 before there is one. */
    private int undecided = -1;
    /** Bytes 0xff behind it, which a carry would turn to 0. */
    private long pendingOnes;

    RangeEncoder(AdaptiveBits probabilities) {
        this.probabilities = probabilities;
    }

    @Override
    public boolean bit(int context, boolean bit) {
        long ones = (range >>> AdaptiveBits.BITS) * probabilities.ofOne(context);
        if (bit) {
            range = ones;
        } else {
            low += ones;
            range -= ones;
        }
        probabilities.learn(context, bit);
        normalize();
        return bit;
    }

    @Override
    public int bits(int count, int value) {
        if (count > 0) {
            range >>>= count;
            low += range * value;
            normalize();
        }
        return value;
    }

    private void normalize() {
        while (range < LOWEST_RANGE) {
            range <<= Byte.SIZE;
            emit();
        }
    }

    /** Moves the highest byte of the low end out. */
    private void emit() {
        if (low < 0xff00_0000L || low > WHOLE_RANGE) {
            int carry = (int) (low >>> Integer.SIZE);
            if (undecided >= 0) {
                code.write(undecided + carry);
            }
            for (; pendingOnes > 0; pendingOnes--) {
                code.write(0xff + carry);
            }
            undecided = (int) (low >>> 24) & 0xff;
        } else {
            pendingOnes++;
        }
        low = (low & 0x00ff_ffffL) << Byte.SIZE;
    }

    /** Ends the code and returns it. */
    byte[] finish() {
        for (int i = 0; i <= LEAST_BYTES; i++) {
            emit();
        }
        return code.toByteArray();
    }
}
