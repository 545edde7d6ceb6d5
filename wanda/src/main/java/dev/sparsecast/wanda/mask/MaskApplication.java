package dev.sparsecast.wanda.mask;

import dev.sparsecast.checkpoint.ElementType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Weights through a mask: kept weights bit for bit, pruned ones {@code +0}. */
public final class MaskApplication {
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** For four mask bits the 64 bits of four 16-bit weights that they let through. */
    private static final long[] FOUR_SHORTS = spread(4, 0xffffL);

    /** For two mask bits the 64 bits of two 32-bit weights that they let through. */
    private static final long[] TWO_INTS = spread(2, 0xffff_ffffL);

    private MaskApplication() {}

    /**
     * Copies rows {@code [fromRow, toRow)} of a matrix.
     *
     * @param type BF16, F16 or F32
     * @param weights the whole matrix
     * @param target room for exactly these rows
     */
    public static void apply(
            Mask mask, ElementType type, MemorySegment weights, int fromRow, int toRow, MemorySegment target) {
        if (!type.isWeight()) {
            throw new IllegalArgumentException("weights cannot have type " + type);
        }
        int rowSize = mask.columns() * type.bytes();
        boolean isShort = type.bytes() == Short.BYTES;
        for (int row = fromRow; row < toRow; row++) {
            MemorySegment bits = mask.bits().asSlice((long) row * mask.rowBytes(), mask.rowBytes());
            MemorySegment source = weights.asSlice((long) row * rowSize, rowSize);
            MemorySegment sink = target.asSlice((long) (row - fromRow) * rowSize, rowSize);
            int done = isShort ? applyShorts(bits, source, sink) : applyInts(bits, source, sink);
            applyRest(bits, source, sink, done, type.bytes());
        }
    }

    /**
     * Eight weights at a time, by a byte of mask. The index is an {@code int}: with a {@code long} the compiler checks the
     * bounds of every access.
     *
     * @return columns done
     */
    private static int applyShorts(MemorySegment bits, MemorySegment source, MemorySegment target) {
        int whole = (int) (source.byteSize() / (2 * Long.BYTES));
        for (int i = 0; i < whole; i++) {
            int eight = bits.get(ValueLayout.JAVA_BYTE, i);
            long offset = 2L * Long.BYTES * i;
            target.set(LONG, offset, source.get(LONG, offset) & FOUR_SHORTS[eight & 0xf]);
            offset += Long.BYTES;
            target.set(LONG, offset, source.get(LONG, offset) & FOUR_SHORTS[eight >>> 4 & 0xf]);
        }
        return whole * Byte.SIZE;
    }

    private static int applyInts(MemorySegment bits, MemorySegment source, MemorySegment target) {
        int whole = (int) (source.byteSize() / (4 * Long.BYTES));
        for (int i = 0; i < whole; i++) {
            int eight = bits.get(ValueLayout.JAVA_BYTE, i);
            for (int pair = 0; pair < 4; pair++) {
                long offset = 4L * Long.BYTES * i + (long) Long.BYTES * pair;
                target.set(LONG, offset, source.get(LONG, offset) & TWO_INTS[eight >>> 2 * pair & 3]);
            }
        }
        return whole * Byte.SIZE;
    }

    private static void applyRest(
            MemorySegment bits, MemorySegment source, MemorySegment target, int fromColumn, int weightBytes) {
        for (long offset = (long) fromColumn * weightBytes; offset < source.byteSize(); offset++) {
            long column = offset / weightBytes;
            int kept = (bits.get(ValueLayout.JAVA_BYTE, column / Byte.SIZE) >>> (int) (column % Byte.SIZE)) & 1;
            byte value = source.get(ValueLayout.JAVA_BYTE, offset);
            target.set(ValueLayout.JAVA_BYTE, offset, (byte) (value * kept));
        }
    }

    private static long[] spread(int weights, long ones) {
        long[] table = new long[1 << weights];
        for (int bits = 0; bits < table.length; bits++) {
            for (int weight = 0; weight < weights; weight++) {
                if (((bits >>> weight) & 1) != 0) {
                    table[bits] |= ones << (weight * Long.SIZE / weights);
                }
            }
        }
        return table;
    }
}
