package dev.sparsecast.wanda.selection;

import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.MAX;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_S2I;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;

/** Turns a row of weights into float32 magnitudes, padded with infinity to whole words of mask bits. */
final class MagnitudeDecoder {
    private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_256;
    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_256;
    private static final VectorSpecies<Short> SHORTS = ShortVector.SPECIES_128;
    private static final int LANES = INTS.length();
    private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ORDER);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ORDER);

    private final int columns;
    private final float[] magnitudes;
    private final short[] halves;

    MagnitudeDecoder(int columns) {
        this.columns = columns;
        this.magnitudes = new float[Math.ceilDiv(columns, VectorKernel.WORD) * VectorKernel.WORD];
        this.halves = new short[columns];
        Arrays.fill(magnitudes, Float.POSITIVE_INFINITY);
    }

    int columns() {
        return columns;
    }

    /** The row decoded last, and the padding. */
    float[] magnitudes() {
        return magnitudes;
    }

    /** Decodes a row; false if it has a weight that is NaN or infinite. */
    boolean decode(WeightMatrix weights, int row) {
        long offset = weights.offset(row);
        int highest =
                switch (weights.type()) {
                    case BF16 -> decodeBfloat16(weights.data(), offset);
                    case F16 -> decodeFloat16(weights.data(), offset);
                    case F32 -> decodeFloat32(weights.data(), offset);
                    case F64, I64, I32, I16, I8, U8, BOOL ->
                        throw new IllegalStateException("not a weight type: " + weights.type());
                };
        return highest < Scores.INFINITY;
    }

    /** A bfloat16 is the upper half of a float32. */
    private int decodeBfloat16(MemorySegment data, long offset) {
        IntVector highest = IntVector.zero(INTS);
        int column = 0;
        for (; column < INTS.loopBound(columns); column += LANES) {
            IntVector bits = ((IntVector) ShortVector.fromMemorySegment(SHORTS, data, offset + 2L * column, ORDER)
                            .convertShape(ZERO_EXTEND_S2I, INTS, 0))
                    .lanewise(LSHL, Short.SIZE)
                    .and(Scores.MAGNITUDE);
            highest = highest.max(bits);
            bits.reinterpretAsFloats().intoArray(magnitudes, column);
        }
        int maximum = highest.reduceLanes(MAX);
        for (; column < columns; column++) {
            maximum = Math.max(maximum, put(column, data.get(SHORT, offset + 2L * column) << Short.SIZE));
        }
        return maximum;
    }

    private int decodeFloat32(MemorySegment data, long offset) {
        IntVector highest = IntVector.zero(INTS);
        int column = 0;
        for (; column < INTS.loopBound(columns); column += LANES) {
            IntVector bits = IntVector.fromMemorySegment(INTS, data, offset + 4L * column, ORDER)
                    .and(Scores.MAGNITUDE);
            highest = highest.max(bits);
            bits.reinterpretAsFloats().intoArray(magnitudes, column);
        }
        int maximum = highest.reduceLanes(MAX);
        for (; column < columns; column++) {
            maximum = Math.max(maximum, put(column, data.get(INT, offset + 4L * column)));
        }
        return maximum;
    }

    /** The Vector API has no half floats, but the compiler vectorizes this conversion of arrays. */
    private int decodeFloat16(MemorySegment data, long offset) {
        MemorySegment.copy(data, SHORT, offset, halves, 0, columns);
        for (int column = 0; column < columns; column++) {
            magnitudes[column] = Float.float16ToFloat(halves[column]);
        }
        IntVector highest = IntVector.zero(INTS);
        int column = 0;
        for (; column < INTS.loopBound(columns); column += LANES) {
            IntVector bits = FloatVector.fromArray(FLOATS, magnitudes, column)
                    .reinterpretAsInts()
                    .and(Scores.MAGNITUDE);
            highest = highest.max(bits);
            bits.reinterpretAsFloats().intoArray(magnitudes, column);
        }
        int maximum = highest.reduceLanes(MAX);
        for (; column < columns; column++) {
            maximum = Math.max(maximum, put(column, Float.floatToRawIntBits(magnitudes[column])));
        }
        return maximum;
    }

    private int put(int column, int bits) {
        int magnitude = bits & Scores.MAGNITUDE;
        magnitudes[column] = Float.intBitsToFloat(magnitude);
        return magnitude;
    }
}
