package dev.sparsecast.wanda.delta;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Reads what {@link RangeEncoder} wrote. */
final class RangeDecoder implements BinaryCoder {
    private final AdaptiveBits probabilities;
    private final MemorySegment code;
    private long position;
    private long range = RangeEncoder.WHOLE_RANGE;
    /** The code less the interval's low end. */
    private long value;

    /** @throws DamagedCodeException if the code is too short */
    RangeDecoder(AdaptiveBits probabilities, MemorySegment code) {
        this.probabilities = probabilities;
        this.code = code;
        for (int i = 0; i < RangeEncoder.LEAST_BYTES; i++) {
            value = value << Byte.SIZE | next();
        }
    }

    @Override
    public boolean bit(int context, boolean ignored) {
        long ones = (range >>> AdaptiveBits.BITS) * probabilities.ofOne(context);
        boolean bit = value < ones;
        if (bit) {
            range = ones;
        } else {
            value -= ones;
            range -= ones;
        }
        probabilities.learn(context, bit);
        normalize();
        return bit;
    }

    @Override
    public int bits(int count, int ignored) {
        if (count == 0) {
            return 0;
        }
        range >>>= count;
        long read = value / range;
        if (read >>> count != 0) {
            throw new DamagedCodeException("a number is out of range");
        }
        value -= read * range;
        normalize();
        return (int) read;
    }

    private void normalize() {
        while (range < RangeEncoder.LOWEST_RANGE) {
            range <<= Byte.SIZE;
            value = value << Byte.SIZE | next();
        }
    }

    private int next() {
        if (position == code.byteSize()) {
            throw new DamagedCodeException("it ends too early");
        }
        return code.get(ValueLayout.JAVA_BYTE, position++) & 0xff;
    }

    /** @throws DamagedCodeException if there are bytes left */
    void checkEnd() {
        if (position != code.byteSize()) {
            throw new DamagedCodeException("it goes on behind its end");
        }
    }
}
