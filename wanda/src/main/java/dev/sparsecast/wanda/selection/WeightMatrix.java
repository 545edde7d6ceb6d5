package dev.sparsecast.wanda.selection;

import dev.sparsecast.checkpoint.ElementType;
import dev.sparsecast.checkpoint.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The weights of a linear layer where they lie, usually in a mapped file: little-endian, row-major, {@code [out, in]}.
 *
 * @param type BF16, F16 or F32
 * @param data exactly {@code rows · columns} elements; may be unaligned
 */
public record WeightMatrix(ElementType type, MemorySegment data, int rows, int columns) {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    public WeightMatrix {
        if (!type.isWeight()) {
            throw new IllegalArgumentException("weights cannot have type " + type);
        }
        long bytes = (long) rows * columns * type.bytes();
        if (data.byteSize() != bytes) {
            throw new IllegalArgumentException(
                    rows + " x " + columns + " " + type + " take " + bytes + " bytes, not " + data.byteSize());
        }
    }

    /** The matrix that a two-dimensional tensor holds. */
    public static WeightMatrix of(Tensor tensor) {
        return new WeightMatrix(tensor.type(), tensor.data(), tensor.rows(), tensor.columns());
    }

    /** Where a row begins, in bytes. */
    long offset(int row) {
        return (long) row * columns * type.bytes();
    }

    /** The absolute values of a row as float32, which is exact for every weight type. */
    void magnitudes(int row, float[] target) {
        magnitudes(row, 0, target);
    }

    /** The absolute values of a row from a column on; what {@code target} holds before it stays. */
    void magnitudes(int row, int fromColumn, float[] target) {
        long offset = offset(row);
        switch (type) {
            case BF16 -> {
                for (int column = fromColumn; column < columns; column++) {
                    target[column] =
                            Math.abs(Float.intBitsToFloat(data.get(SHORT, offset + 2L * column) << Short.SIZE));
                }
            }
            case F16 -> {
                for (int column = fromColumn; column < columns; column++) {
                    target[column] = Math.abs(Float.float16ToFloat(data.get(SHORT, offset + 2L * column)));
                }
            }
            case F32 -> {
                for (int column = fromColumn; column < columns; column++) {
                    target[column] = Math.abs(data.get(FLOAT, offset + 4L * column));
                }
            }
            case F64, I64, I32, I16, I8, U8, BOOL -> throw new IllegalStateException("not a weight type: " + type);
        }
    }
}
