package dev.sparsecast.wanda.mask;

import dev.sparsecast.checkpoint.ElementType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Weights through a mask: kept weights bit for bit, pruned ones {@code +0}. */
public final class MaskApplication {
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** For the four mask bits of four 16-bit weights the 64 bits that they let through. */
    private static final long[] FOUR_SHORTS = spread(4, 0xffffL);

    /** For the two mask bits of two 32-bit weights the 64 bits that they let through. */
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
        long rowSize = (long) mask.columns() * type.bytes();
        for (int row = fromRow; row < toRow; row++) {
            applyRow(
                    mask.bits().asSlice((long) row * mask.rowBytes(), mask.rowBytes()),
                    type.bytes(),
                    weights.asSlice(row * rowSize, rowSize),
                    target.asSlice((row - fromRow) * rowSize, rowSize));
        }
    }

    private static void applyRow(MemorySegment bits, int weightBytes, MemorySegment weights, MemorySegment target) {
        int perLong = Long.BYTES / weightBytes;
        int longsPerByte = Byte.SIZE / perLong;
        long[] through = weightBytes == 2 ? FOUR_SHORTS : TWO_INTS;
        long whole = weights.byteSize() / Long.BYTES;
        for (long i = 0; i < whole; i++) {
            int eight = bits.get(ValueLayout.JAVA_BYTE, i / longsPerByte);
            int some = (eight >>> ((int) (i % longsPerByte) * perLong)) & ((1 << perLong) - 1);
            target.set(LONG, i * Long.BYTES, weights.get(LONG, i * Long.BYTES) & through[some]);
        }
        for (long offset = whole * Long.BYTES; offset < weights.byteSize(); offset++) {
            long column = offset / weightBytes;
            int kept = (bits.get(ValueLayout.JAVA_BYTE, column / Byte.SIZE) >>> (int) (column % Byte.SIZE)) & 1;
            byte value = weights.get(ValueLayout.JAVA_BYTE, offset);
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
