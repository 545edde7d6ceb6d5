package dev.sparsecast.wanda.selection;

import static jdk.incubator.vector.VectorOperators.ADD;
import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_S2I;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/**
 * A row of weights as float32 magnitudes, decoded once for all calibrations, with their sum. One pass from wherever the
 * weights lie to a buffer that the caches hold.
 */
final class DecodedRow {
    private static final int STEP = 2 * Lanes.COUNT;
    private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

    /** Exponent bias of float32 less that of float16. */
    private static final float FLOAT16_SCALE = 0x1p112f;

    /** Where float16's infinity and NaN come to lie when they are taken for numbers. */
    private static final float FLOAT16_INFINITY = 0x1p16f;

    /** Bytes of a line of the cache. */
    private static final int LINE = 64;

    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;

    private final WeightMatrix weights;
    private final float[] magnitudes;
    private float sum;

    @SuppressWarnings("UnusedVariable") // only written, so that the loads are not left out
    private int read;

    DecodedRow(WeightMatrix weights) {
        this.weights = weights;
        this.magnitudes = new float[Lanes.padded(weights.columns()) + Lanes.COUNT];
        Arrays.fill(magnitudes, Float.POSITIVE_INFINITY);
    }

    /** The magnitudes, padded with infinity to {@link Lanes#padded}, and a vector more. */
    float[] magnitudes() {
        return magnitudes;
    }

    /** About the sum of the magnitudes; infinite if it is too large. */
    float sum() {
        return sum;
    }

    /**
     * Brings rows into the cache: one load for each line, back to back. Rows that are decoded in turn, with other work
     * between, are each too short for the processor to see a stream in them and fetch ahead.
     */
    void readAhead(int fromRow, int toRow) {
        read += touch(weights.data(), weights.offset(fromRow), weights.offset(toRow));
    }

    private static int touch(MemorySegment data, long from, long to) {
        int touched = 0;
        for (long at = from; at < to; at += LINE) {
            touched += data.get(BYTE, at);
        }
        return touched;
    }

    /** Decodes a row; false if it has a weight that is NaN or infinite. */
    boolean decode(int row) {
        int whole = weights.columns() / STEP * STEP;
        MemorySegment data = weights.data();
        long offset = weights.offset(row);
        float partial =
                switch (weights.type()) {
                    case BF16 -> decodeBfloat16(data, offset, whole, magnitudes);
                    case F16 -> decodeFloat16(data, offset, whole, magnitudes);
                    case F32 -> decodeFloat32(data, offset, whole, magnitudes);
                    case F64, I64, I32, I16, I8, U8, BOOL ->
                        throw new IllegalStateException("not a weight type: " + weights.type());
                };
        weights.magnitudes(row, whole, magnitudes);
        for (int column = whole; column < weights.columns(); column++) {
            partial += magnitudes[column];
        }
        sum = partial;
        return Float.isFinite(partial) || allFinite();
    }

    private boolean allFinite() {
        for (int column = 0; column < weights.columns(); column++) {
            if (!Float.isFinite(magnitudes[column])) {
                return false;
            }
        }
        return true;
    }

    private static float decodeBfloat16(MemorySegment data, long offset, int columns, float[] target) {
        FloatVector firstSum = FloatVector.zero(Lanes.FLOATS);
        FloatVector secondSum = FloatVector.zero(Lanes.FLOATS);
        for (int i = 0; i < columns; i += STEP) {
            FloatVector first = bfloat16(data, offset + (long) Short.BYTES * i);
            FloatVector second = bfloat16(data, offset + (long) Short.BYTES * (i + Lanes.COUNT));
            first.intoArray(target, i);
            second.intoArray(target, i + Lanes.COUNT);
            firstSum = firstSum.add(first);
            secondSum = secondSum.add(second);
        }
        return firstSum.add(secondSum).reduceLanes(ADD);
    }

    /** A bfloat16 is the upper half of a float32. */
    private static FloatVector bfloat16(MemorySegment data, long offset) {
        return halves(data, offset)
                .lanewise(LSHL, Short.SIZE)
                .and(Scores.MAGNITUDE)
                .reinterpretAsFloats();
    }

    private static float decodeFloat16(MemorySegment data, long offset, int columns, float[] target) {
        FloatVector sums = FloatVector.zero(Lanes.FLOATS);
        for (int i = 0; i < columns; i += Lanes.COUNT) {
            FloatVector magnitude = float16(data, offset + (long) Short.BYTES * i);
            magnitude.intoArray(target, i);
            sums = sums.add(magnitude);
        }
        return sums.reduceLanes(ADD);
    }

    /** With its exponent and fraction in the places of a float32's, a float16 is too small by a power of two. */
    private static FloatVector float16(MemorySegment data, long offset) {
        FloatVector magnitude = halves(data, offset)
                .and(Short.MAX_VALUE)
                .lanewise(LSHL, 13)
                .reinterpretAsFloats()
                .mul(FLOAT16_SCALE);
        return magnitude.blend(Float.POSITIVE_INFINITY, magnitude.compare(GE, FLOAT16_INFINITY));
    }

    private static float decodeFloat32(MemorySegment data, long offset, int columns, float[] target) {
        FloatVector sums = FloatVector.zero(Lanes.FLOATS);
        for (int i = 0; i < columns; i += Lanes.COUNT) {
            FloatVector magnitude = FloatVector.fromMemorySegment(
                            Lanes.FLOATS, data, offset + (long) Float.BYTES * i, ORDER)
                    .abs();
            magnitude.intoArray(target, i);
            sums = sums.add(magnitude);
        }
        return sums.reduceLanes(ADD);
    }

    private static IntVector halves(MemorySegment data, long offset) {
        return (IntVector) ShortVector.fromMemorySegment(Lanes.SHORTS, data, offset, ORDER)
                .convertShape(ZERO_EXTEND_S2I, Lanes.INTS, 0);
    }
}
