package dev.sparsecast.deployer.materialization;

import dev.sparsecast.checkpoint.Tensor;
import dev.sparsecast.deployer.trust.RefusedException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * One weight matrix beside the base model's: which weights are zero, and whether all others are the base model's. Weights
 * are looked at 64 bits at a time, as lanes of 16 or 32 bits whose highest bit is the sign.
 */
final class ZeroScan {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final long SIGNS_OF_4 = 0x8000_8000_8000_8000L;
    private static final long SIGNS_OF_2 = 0x8000_0000_8000_0000L;

    private final String name;
    private final MemorySegment expected;
    private final MemorySegment found;
    private final MemorySegment bits;
    private final int rows;
    private final int columns;
    private final int weightBytes;
    private final long signs;
    private long undecidable;

    /**
     * @param base the base model's matrix
     * @param pruned the one to look at, of the same type (16 or 32 bits) and shape
     * @param bits where to set a bit for every weight that is not zero, row by row in whole bytes, in little bit order
     */
    ZeroScan(Tensor base, Tensor pruned, MemorySegment bits) {
        this.name = pruned.name();
        this.expected = base.data();
        this.found = pruned.data();
        this.bits = bits;
        this.rows = base.rows();
        this.columns = base.columns();
        this.weightBytes = base.type().bytes();
        this.signs = weightBytes == Short.BYTES ? SIGNS_OF_4 : SIGNS_OF_2;
    }

    /**
     * Scans the matrix.
     *
     * @return the number of weights that are zero in both
     * @throws RefusedException for the first weight that is neither the base model's nor {@code +0}
     */
    long run() {
        int rowBytes = (columns + Byte.SIZE - 1) / Byte.SIZE;
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column += Byte.SIZE) {
                int eight = columns - column >= Byte.SIZE ? eight(row, column) : some(row, column, columns - column);
                bits.set(ValueLayout.JAVA_BYTE, (long) row * rowBytes + column / Byte.SIZE, (byte) eight);
            }
        }
        return undecidable;
    }

    /** The bits of eight weights. */
    private int eight(int row, int column) {
        long start = ((long) row * columns + column) * weightBytes;
        int lanes = Long.BYTES / weightBytes;
        int eight = 0;
        for (int i = 0; i < weightBytes; i++) {
            long is = found.get(LONG, start + (long) i * Long.BYTES);
            long was = expected.get(LONG, start + (long) i * Long.BYTES);
            long kept = nonZero(is);
            long keptLanes = (kept << 1) - (kept >>> (Long.SIZE / lanes - 1));
            if (((is ^ was) & keptLanes) != 0 || (is & ~keptLanes) != 0) {
                return some(row, column, Byte.SIZE); // a change, or a negative zero: look closely
            }
            eight |= (int) Long.compress(kept, signs) << (i * lanes);
        }
        for (int i = 0; i < weightBytes; i++) {
            long is = found.get(LONG, start + (long) i * Long.BYTES);
            long was = expected.get(LONG, start + (long) i * Long.BYTES);
            undecidable += lanes - Long.bitCount(nonZero(is) | nonZero(was));
        }
        return eight;
    }

    /** The sign bits of the lanes that are neither {@code +0} nor {@code -0}: adding all ones carries into them. */
    private long nonZero(long lanes) {
        return ((lanes & ~signs) + ~signs) & signs;
    }

    /** The bits of at most eight weights, one by one. */
    private int some(int row, int column, int count) {
        int some = 0;
        for (int bit = 0; bit < count; bit++) {
            long index = (long) row * columns + column + bit;
            int is = weight(found, index);
            int was = weight(expected, index);
            if (is != 0 && is != was) {
                throw new RefusedException("the checkpoint's tensor " + name + " has a weight in row " + row
                        + ", column " + (column + bit) + " that is neither the base model's nor zero");
            }
            if (is << 1 != 0) {
                some |= 1 << bit;
            } else if (was << 1 == 0) {
                undecidable++;
            }
        }
        return some;
    }

    /** A weight's bits, the sign highest. */
    private int weight(MemorySegment weights, long index) {
        return weightBytes == Short.BYTES
                ? weights.get(SHORT, index * Short.BYTES) << Short.SIZE
                : weights.get(INT, index * Integer.BYTES);
    }
}
