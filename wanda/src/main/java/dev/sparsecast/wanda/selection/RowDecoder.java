package dev.sparsecast.wanda.selection;

import static jdk.incubator.vector.VectorOperators.ADD;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.MAX;

import dev.sparsecast.checkpoint.ElementType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Turns weights into float32 magnitudes in {@link PairedOrder}, a stretch of a row at a time, so that they stay in the
 * first-level cache until they are used. A row's end is padded with infinity to whole words of mask bits.
 */
final class RowDecoder {
    /** Columns of a stretch. */
    static final int STRETCH = 1024;

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

    /** Bring the even columns of two vectors together, and the odd ones. */
    private static final VectorShuffle<Float> EVENS = VectorShuffle.fromOp(FLOATS, lane -> 2 * lane % LANES);

    private static final VectorShuffle<Float> ODDS = VectorShuffle.fromOp(FLOATS, lane -> (2 * lane + 1) % LANES);
    private static final VectorMask<Float> SECOND = VectorMask.fromLong(FLOATS, 0xf0);

    private final WeightMatrix weights;
    private final float[] magnitudes = new float[STRETCH];
    private final short[] halves = new short[STRETCH];
    private final float[] values = new float[STRETCH];

    RowDecoder(WeightMatrix weights) {
        this.weights = weights;
    }

    /** The stretch decoded last, and its padding. */
    float[] magnitudes() {
        return magnitudes;
    }

    /** Length of a stretch with its padding. */
    int padded(int column) {
        return Math.ceilDiv(length(column), Long.SIZE) * Long.SIZE;
    }

    private int length(int column) {
        return Math.min(STRETCH, weights.columns() - column);
    }

    /** About the sum of a row's magnitudes; infinite or NaN if a weight is, or it is too large. */
    float sum(int row) {
        if (weights.type() == ElementType.BF16) {
            return sumBfloat16(weights.data(), weights.offset(row), weights.columns() / STEP * STEP);
        }
        FloatVector sums = FloatVector.zero(FLOATS);
        for (int column = 0; column < weights.columns(); column += STRETCH) {
            decode(row, column);
            for (int i = 0; i < length(column) / STEP * STEP; i += LANES) {
                sums = sums.add(FloatVector.fromArray(FLOATS, magnitudes, i));
            }
        }
        return sums.reduceLanes(ADD);
    }

    private static float sumBfloat16(MemorySegment data, long offset, int columns) {
        FloatVector evenSum = FloatVector.zero(FLOATS);
        FloatVector oddSum = FloatVector.zero(FLOATS);
        for (int column = 0; column < columns; column += STEP) {
            IntVector pairs = IntVector.fromMemorySegment(INTS, data, offset + 2L * column, ORDER)
                    .and(MAGNITUDES);
            evenSum = evenSum.add(pairs.lanewise(LSHL, Short.SIZE).reinterpretAsFloats());
            oddSum = oddSum.add(pairs.and(UPPER).reinterpretAsFloats());
        }
        return evenSum.add(oddSum).reduceLanes(ADD);
    }

    /** Decodes the stretch that begins at a column; false if it has a weight that is NaN or infinite. */
    boolean decode(int row, int column) {
        int length = length(column);
        long offset = weights.offset(row) + (long) column * weights.type().bytes();
        int highest =
                switch (weights.type()) {
                    case BF16 -> decodeBfloat16(weights.data(), offset, length);
                    case F16 -> decodeFloat16(weights.data(), offset, length);
                    case F32 -> decodeFloat32(weights.data(), offset, length);
                    case F64, I64, I32, I16, I8, U8, BOOL ->
                        throw new IllegalStateException("not a weight type: " + weights.type());
                };
        for (int padding = length; padding < padded(column); padding++) {
            magnitudes[PairedOrder.position(padding)] = Float.POSITIVE_INFINITY;
        }
        return highest < Scores.INFINITY;
    }

    /** A bfloat16 is the upper half of a float32. */
    private int decodeBfloat16(MemorySegment data, long offset, int length) {
        float[] target = magnitudes;
        int whole = length / STEP * STEP;
        ShortVector highest = ShortVector.zero(SHORTS);
        for (int i = 0; i < whole; i += STEP) {
            IntVector pairs = IntVector.fromMemorySegment(INTS, data, offset + 2L * i, ORDER)
                    .and(MAGNITUDES);
            highest = highest.max(pairs.reinterpretAsShorts());
            pairs.lanewise(LSHL, Short.SIZE).reinterpretAsFloats().intoArray(target, i);
            pairs.and(UPPER).reinterpretAsFloats().intoArray(target, i + LANES);
        }
        int maximum = highest.reduceLanes(MAX) << Short.SIZE;
        for (int i = whole; i < length; i++) {
            maximum = Math.max(maximum, put(i, data.get(SHORT, offset + 2L * i) << Short.SIZE));
        }
        return maximum;
    }

    private int decodeFloat32(MemorySegment data, long offset, int length) {
        int whole = length / STEP * STEP;
        IntVector highest = IntVector.zero(INTS);
        for (int i = 0; i < whole; i += STEP) {
            IntVector first = IntVector.fromMemorySegment(INTS, data, offset + 4L * i, ORDER)
                    .and(Scores.MAGNITUDE);
            IntVector second = IntVector.fromMemorySegment(INTS, data, offset + 4L * (i + LANES), ORDER)
                    .and(Scores.MAGNITUDE);
            highest = highest.max(first.max(second));
            pair(first.reinterpretAsFloats(), second.reinterpretAsFloats(), i);
        }
        int maximum = highest.reduceLanes(MAX);
        for (int i = whole; i < length; i++) {
            maximum = Math.max(maximum, put(i, data.get(INT, offset + 4L * i)));
        }
        return maximum;
    }

    /** The Vector API has no half floats, but the compiler vectorizes their conversion in arrays. */
    private int decodeFloat16(MemorySegment data, long offset, int length) {
        MemorySegment.copy(data, SHORT, offset, halves, 0, length);
        for (int i = 0; i < length; i++) {
            values[i] = Float.float16ToFloat(halves[i]);
        }
        int whole = length / STEP * STEP;
        IntVector highest = IntVector.zero(INTS);
        for (int i = 0; i < whole; i += STEP) {
            FloatVector first = FloatVector.fromArray(FLOATS, values, i).abs();
            FloatVector second =
                    FloatVector.fromArray(FLOATS, values, i + LANES).abs();
            highest = highest.max(first.reinterpretAsInts().max(second.reinterpretAsInts()));
            pair(first, second, i);
        }
        int maximum = highest.reduceLanes(MAX);
        for (int i = whole; i < length; i++) {
            maximum = Math.max(maximum, put(i, Float.floatToRawIntBits(values[i])));
        }
        return maximum;
    }

    private void pair(FloatVector first, FloatVector second, int position) {
        first.rearrange(EVENS).blend(second.rearrange(EVENS), SECOND).intoArray(magnitudes, position);
        first.rearrange(ODDS).blend(second.rearrange(ODDS), SECOND).intoArray(magnitudes, position + LANES);
    }

    private int put(int column, int bits) {
        int magnitude = bits & Scores.MAGNITUDE;
        magnitudes[PairedOrder.position(column)] = Float.intBitsToFloat(magnitude);
        return magnitude;
    }
}
