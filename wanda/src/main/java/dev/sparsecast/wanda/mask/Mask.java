package dev.sparsecast.wanda.mask;

import dev.sparsecast.wanda.PruningException;
import dev.sparsecast.wanda.selection.SelectionJob;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Which weights of one module stay.
 *
 * @param module full module name
 * @param rows output features
 * @param columns input features
 * @param bits {@code rows · rowBytes()} bytes, row-major, in little bit order, 1 = kept, padding bits 0; outside the heap
 *     or in a mapped file
 */
public record Mask(String module, int rows, int columns, MemorySegment bits) {
    static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(java.nio.ByteOrder.LITTLE_ENDIAN);

    public Mask {
        long bytes = (long) rows * SelectionJob.maskBytes(columns);
        if (bits.byteSize() != bytes) {
            throw new PruningException("the mask of module " + module + " has " + bits.byteSize() + " bytes but " + rows
                    + " x " + columns + " weights need " + bytes);
        }
    }

    /** Bytes of a row. */
    public int rowBytes() {
        return SelectionJob.maskBytes(columns);
    }

    /** Number of weights. */
    public long weights() {
        return (long) rows * columns;
    }

    /** Whether a weight stays. */
    public boolean kept(int row, int column) {
        byte eight = bits.get(ValueLayout.JAVA_BYTE, (long) row * rowBytes() + column / Byte.SIZE);
        return (eight >>> column % Byte.SIZE & 1) != 0;
    }

    /** Number of weights that stay. */
    public long keptWeights() {
        return MaskBits.count(bits);
    }

    /** Whether the bits behind the last column of every row are 0, as they must be. */
    boolean isPadded() {
        int used = columns % Byte.SIZE;
        for (long row = 0; used != 0 && row < rows; row++) {
            if ((bits.get(ValueLayout.JAVA_BYTE, (row + 1) * rowBytes() - 1) & 0xff) >>> used != 0) {
                return false;
            }
        }
        return true;
    }
}
