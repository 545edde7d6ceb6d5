package dev.sparsecast.wanda.selection;

import static jdk.incubator.vector.VectorOperators.ADD;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.MAX;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Turns a row of weights into float32 magnitudes in {@link PairedOrder}, padded with infinity to whole words of mask
 * bits, and adds them up on the way.
 */
final class RowDecoder {
    private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_256;
    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_256;
    private static final VectorSpecies<Short> SHORTS = ShortVector.SPECIES_256;
    private static final int LANES = INTS.length();
    private static final int STEP = 2 * LANES;
    private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ORDER);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ORDER);

    /** The magnitudes of two bfloat16. */
    private static final int MAGNITUDES = 0x7fff_7fff;

    /** The upper bfloat16 of two. */
    private static final int UPPER = 0xffff_0000;

    private static final short BFLOAT16_INFINITY = (short) 0x7f80;

    /** Bring the even columns of two vectors together, and the odd ones. */
    private static final VectorShuffle<Float> EVENS = VectorShuffle.fromOp(FLOATS, lane -> 2 * lane % LANES);

    private static final VectorShuffle<Float> ODDS = VectorShuffle.fromOp(FLOATS, lane -> (2 * lane + 1) % LANES);
    private static final VectorMask<Float> SECOND = VectorMask.fromLong(FLOATS, 0xf0);

    private final int columns;
    private final float[] magnitudes;
    private final short[] halves;
    private final float[] row;
    private float sum;

    RowDecoder(int columns) {
        this.columns = columns;
        this.magnitudes = new float[Math.ceilDiv(columns, Long.SIZE) * Long.SIZE];
        this.halves = new short[columns];
        this.row = new float[columns];
        Arrays.fill(magnitudes, Float.POSITIVE_INFINITY);
    }

    int columns() {
        return columns;
    }

    /** The row decoded last, and the padding. */
    float[] magnitudes() {
        return magnitudes;
    }

    /** About the sum of the magnitudes, in float32; infinite if it is too large. */
    float sum() {
        return sum;
    }

    /** Decodes a row; false if it has a weight that is NaN or infinite. */
    boolean decode(WeightMatrix weights, int index) {
        long offset = weights.offset(index);
        return switch (weights.type()) {
            case BF16 -> decodeBfloat16(weights.data(), offset);
            case F16 -> decodeFloat16(weights.data(), offset);
            case F32 -> decodeFloat32(weights.data(), offset);
            case F64, I64, I32, I16, I8, U8, BOOL ->
                throw new IllegalStateException("not a weight type: " + weights.type());
        };
    }

    /** A bfloat16 is the upper half of a float32. */
    private boolean decodeBfloat16(MemorySegment data, long offset) {
        float[] target = magnitudes;
        int whole = columns / STEP * STEP;
        ShortVector highest = ShortVector.zero(SHORTS);
        FloatVector evenSum = FloatVector.zero(FLOATS);
        FloatVector oddSum = FloatVector.zero(FLOATS);
        for (int column = 0; column < whole; column += STEP) {
            IntVector pairs = IntVector.fromMemorySegment(INTS, data, offset + 2L * column, ORDER)
                    .and(MAGNITUDES);
            highest = highest.max(pairs.reinterpretAsShorts());
            FloatVector even = pairs.lanewise(LSHL, Short.SIZE).reinterpretAsFloats();
            FloatVector odd = pairs.and(UPPER).reinterpretAsFloats();
            even.intoArray(target, column);
            odd.intoArray(target, column + LANES);
            evenSum = evenSum.add(even);
            oddSum = oddSum.add(odd);
        }
        sum = evenSum.add(oddSum).reduceLanes(ADD);
        int maximum = 0;
        for (int column = whole; column < columns; column++) {
            maximum = Math.max(maximum, put(column, data.get(SHORT, offset + 2L * column) << Short.SIZE));
        }
        return highest.reduceLanes(MAX) < BFLOAT16_INFINITY && maximum < Scores.INFINITY;
    }

    private boolean decodeFloat32(MemorySegment data, long offset) {
        int whole = columns / STEP * STEP;
        IntVector highest = IntVector.zero(INTS);
        FloatVector sums = FloatVector.zero(FLOATS);
        for (int column = 0; column < whole; column += STEP) {
            long at = offset + 4L * column;
            IntVector first = IntVector.fromMemorySegment(INTS, data, at, ORDER).and(Scores.MAGNITUDE);
            IntVector second = IntVector.fromMemorySegment(INTS, data, at + 4L * LANES, ORDER)
                    .and(Scores.MAGNITUDE);
            highest = highest.max(first.max(second));
            sums = sums.add(pair(first.reinterpretAsFloats(), second.reinterpretAsFloats(), column));
        }
        sum = sums.reduceLanes(ADD);
        int maximum = highest.reduceLanes(MAX);
        for (int column = whole; column < columns; column++) {
            maximum = Math.max(maximum, put(column, data.get(INT, offset + 4L * column)));
        }
        return maximum < Scores.INFINITY;
    }

    /** The Vector API has no half floats, but the compiler vectorizes their conversion in arrays. */
    private boolean decodeFloat16(MemorySegment data, long offset) {
        MemorySegment.copy(data, SHORT, offset, halves, 0, columns);
        for (int column = 0; column < columns; column++) {
            row[column] = Float.float16ToFloat(halves[column]);
        }
        int whole = columns / STEP * STEP;
        FloatVector highest = FloatVector.zero(FLOATS);
        FloatVector sums = FloatVector.zero(FLOATS);
        for (int column = 0; column < whole; column += STEP) {
            FloatVector first = FloatVector.fromArray(FLOATS, row, column).abs();
            FloatVector second =
                    FloatVector.fromArray(FLOATS, row, column + LANES).abs();
            highest = highest.max(first.max(second)); // NaN if any is
            sums = sums.add(pair(first, second, column));
        }
        sum = sums.reduceLanes(ADD);
        int maximum = Float.floatToRawIntBits(highest.reduceLanes(MAX));
        for (int column = whole; column < columns; column++) {
            maximum = Math.max(maximum, put(column, Float.floatToRawIntBits(row[column])));
        }
        return maximum < Scores.INFINITY;
    }

    private FloatVector pair(FloatVector first, FloatVector second, int column) {
        first.rearrange(EVENS).blend(second.rearrange(EVENS), SECOND).intoArray(magnitudes, column);
        first.rearrange(ODDS).blend(second.rearrange(ODDS), SECOND).intoArray(magnitudes, column + LANES);
        return first.add(second);
    }

    private int put(int column, int bits) {
        int magnitude = bits & Scores.MAGNITUDE;
        float value = Float.intBitsToFloat(magnitude);
        magnitudes[PairedOrder.position(column)] = value;
        sum += value;
        return magnitude;
    }
}
