package dev.sparsecast.deployer.materialization;

import dev.sparsecast.checkpoint.Tensor;
import dev.sparsecast.deployer.trust.RefusedException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * One weight matrix beside the base model's.
 *
 * @param bits where to set a bit for every weight that is not zero, row by row in whole bytes, in little bit order
 */
record ZeroScan(Tensor base, Tensor pruned, MemorySegment bits) {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Returns the number of weights that are zero in both. */
    long run() {
        int columns = base.columns();
        int rowBytes = (columns + Byte.SIZE - 1) / Byte.SIZE;
        boolean narrow = base.type().bytes() == Short.BYTES;
        long bothZero = 0;
        for (int row = 0; row < base.rows(); row++) {
            for (int column = 0; column < columns; column += Byte.SIZE) {
                int eight = 0;
                for (int bit = 0; bit < Math.min(Byte.SIZE, columns - column); bit++) {
                    long index = (long) row * columns + column + bit;
                    int expected = narrow ? widened(base, index) : base.data().get(INT, index * Integer.BYTES);
                    int found = narrow ? widened(pruned, index) : pruned.data().get(INT, index * Integer.BYTES);
                    if (found << 1 != 0) {
                        eight |= 1 << bit;
                    } else if (expected << 1 == 0) {
                        bothZero++;
                    }
                    if (found != 0 && found != expected) {
                        throw changed(row, column + bit);
                    }
                }
                bits.set(ValueLayout.JAVA_BYTE, (long) row * rowBytes + column / Byte.SIZE, (byte) eight);
            }
        }
        return bothZero;
    }

    /** The bits of a 16-bit weight in the upper half, so that the sign is where it is in a 32-bit one. */
    private static int widened(Tensor tensor, long index) {
        return tensor.data().get(SHORT, index * Short.BYTES) << Short.SIZE;
    }

    private RefusedException changed(int row, int column) {
        return new RefusedException("the checkpoint's tensor " + pruned.name() + " has a weight in row " + row
                + ", column " + column + " that is neither the base model's nor zero");
    }
}
