package dev.sparsecast.wanda.delta;

import dev.sparsecast.wanda.mask.Mask;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Some rows of a bit matrix, seen column by column: 64 columns at a time are turned over, in blocks of 64 × 64 bits. Columns
 * are best asked for in their order.
 */
final class BitColumns {
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final MemorySegment bits;
    private final MemorySegment other;
    private final int rows;
    private final int rowBytes;
    private final long[][] strip;
    private final long[] block = new long[Long.SIZE];
    private int loaded = -1;

    /** Rows {@code [fromRow, toRow)} of a mask. */
    BitColumns(Mask mask, int fromRow, int toRow) {
        this(mask, mask.bits().asSlice(0, 0), fromRow, toRow);
    }

    /** Rows {@code [fromRow, toRow)} of the exclusive or of two masks of one shape. */
    static BitColumns ofDifference(Mask mask, Mask other, int fromRow, int toRow) {
        return new BitColumns(mask, rows(other, fromRow, toRow), fromRow, toRow);
    }

    private BitColumns(Mask mask, MemorySegment other, int fromRow, int toRow) {
        this.bits = rows(mask, fromRow, toRow);
        this.other = other;
        this.rows = toRow - fromRow;
        this.rowBytes = mask.rowBytes();
        this.strip = new long[Long.SIZE][words(rows)];
    }

    private static MemorySegment rows(Mask mask, int fromRow, int toRow) {
        return mask.bits().asSlice((long) fromRow * mask.rowBytes(), (long) (toRow - fromRow) * mask.rowBytes());
    }

    /** Longs of a column of so many rows. */
    static int words(int rows) {
        return (rows + Long.SIZE - 1) / Long.SIZE;
    }

    /** A column: bit {@code r % 64} of word {@code r / 64} is row {@code r}. Valid until a column of another 64 is asked for. */
    long[] column(int column) {
        int wanted = column / Long.SIZE;
        if (wanted != loaded) {
            load(wanted * Long.BYTES);
            loaded = wanted;
        }
        return strip[column % Long.SIZE];
    }

    private void load(int fromByte) {
        int bytes = Math.min(Long.BYTES, rowBytes - fromByte);
        for (int word = 0; word < strip[0].length; word++) {
            int first = word * Long.SIZE;
            int count = Math.min(Long.SIZE, rows - first);
            for (int row = 0; row < count; row++) {
                long offset = (long) (first + row) * rowBytes + fromByte;
                block[row] = read(bits, offset, bytes);
                if (other.byteSize() != 0) {
                    block[row] ^= read(other, offset, bytes);
                }
            }
            Arrays.fill(block, count, Long.SIZE, 0);
            transpose(block);
            for (int column = 0; column < Long.SIZE; column++) {
                strip[column][word] = block[column];
            }
        }
    }

    private static long read(MemorySegment bits, long offset, int bytes) {
        if (bytes == Long.BYTES) {
            return bits.get(LONG, offset);
        }
        long value = 0;
        for (int i = bytes - 1; i >= 0; i--) {
            value = value << Byte.SIZE | bits.get(ValueLayout.JAVA_BYTE, offset + i) & 0xff;
        }
        return value;
    }

    /** Swaps ever smaller quarters: 6 · 32 exchanges instead of 4096 bits one by one. */
    static void transpose(long[] block) {
        long mask = 0x0000_0000_ffff_ffffL;
        for (int width = Long.SIZE / 2; width != 0; width >>>= 1, mask ^= mask << width) {
            for (int row = 0; row < Long.SIZE; row = (row + width + 1) & ~width) {
                long swapped = (block[row] >>> width ^ block[row + width]) & mask;
                block[row] ^= swapped << width;
                block[row + width] ^= swapped;
            }
        }
    }
}
