package dev.sparsecast.checkpoint;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;

/**
 * A named array of a safetensors file: little-endian, row-major, in place in the mapped file.
 *
 * @param name the tensor's name in the file
 * @param type element type
 * @param shape sizes of the dimensions, outermost first; empty for a scalar
 * @param data exactly {@code elements() * type.bytes()} bytes; may be unaligned
 */
public record Tensor(String name, ElementType type, List<Long> shape, MemorySegment data) {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfDouble DOUBLE =
            ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    public Tensor {
        shape = List.copyOf(shape);
        long bytes = Math.multiplyExact(product(shape), type.bytes());
        if (data.byteSize() != bytes) {
            throw new IllegalArgumentException(
                    "tensor " + name + " needs " + bytes + " bytes, but has " + data.byteSize());
        }
    }

    /** Number of elements. */
    public long elements() {
        return product(shape);
    }

    private static long product(List<Long> shape) {
        long product = 1;
        for (long size : shape) {
            product = Math.multiplyExact(product, size);
        }
        return product;
    }

    /** Rows of a matrix ({@code shape[0]}). */
    public int rows() {
        return Math.toIntExact(shape.get(0));
    }

    /** Columns of a matrix ({@code shape[1]}). */
    public int columns() {
        return Math.toIntExact(shape.get(1));
    }

    /** Element {@code index} of a BF16, F16, F32 or F64 tensor, widened exactly. */
    public double get(long index) {
        return switch (type) {
            case F64 -> data.get(DOUBLE, index * 8);
            case F32 -> data.get(FLOAT, index * 4);
            case F16 -> Float.float16ToFloat(data.get(SHORT, index * 2));
            case BF16 -> Float.intBitsToFloat(data.get(SHORT, index * 2) << 16);
            case I64, I32, I16, I8, U8, BOOL ->
                throw new CheckpointException(
                        "tensor " + name + " has type " + type + ", expected a floating-point one");
        };
    }

    /** All elements as float32 (exact for BF16, F16 and F32). */
    public float[] toFloats() {
        float[] values = new float[Math.toIntExact(elements())];
        switch (type) {
            case F32 -> MemorySegment.copy(data, FLOAT, 0, values, 0, values.length);
            case BF16 -> {
                short[] halves = halves(values.length);
                for (int i = 0; i < values.length; i++) {
                    values[i] = Float.intBitsToFloat(halves[i] << 16);
                }
            }
            case F16 -> {
                short[] halves = halves(values.length);
                for (int i = 0; i < values.length; i++) {
                    values[i] = Float.float16ToFloat(halves[i]);
                }
            }
            case F64, I64, I32, I16, I8, U8, BOOL -> {
                for (int i = 0; i < values.length; i++) {
                    values[i] = (float) get(i);
                }
            }
        }
        return values;
    }

    private short[] halves(int count) {
        short[] halves = new short[count];
        MemorySegment.copy(data, SHORT, 0, halves, 0, count);
        return halves;
    }

    /** All elements as float64, exactly. */
    public double[] toDoubles() {
        double[] values = new double[Math.toIntExact(elements())];
        for (int i = 0; i < values.length; i++) {
            values[i] = get(i);
        }
        return values;
    }
}
