package dev.sparsecast.schemas.serde;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.apache.kafka.common.errors.SerializationException;

/** Vectors to little-endian bytes and back. */
final class Numbers {
    private Numbers() {}

    static ByteBuffer bytes(float[] values) {
        ByteBuffer buffer = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        buffer.asFloatBuffer().put(values);
        return buffer;
    }

    static ByteBuffer bytes(double[] values) {
        ByteBuffer buffer = ByteBuffer.allocate(values.length * Double.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        buffer.asDoubleBuffer().put(values);
        return buffer;
    }

    static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return bytes;
    }

    static float[] floats(String what, ByteBuffer bytes, int channels) {
        checkSize(what, bytes, channels, Float.BYTES);
        float[] values = new float[channels];
        bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
        if (!areFinite(values)) {
            for (float value : values) {
                checkFinite(what, value);
            }
        }
        return values;
    }

    static double[] doubles(String what, ByteBuffer bytes, int channels) {
        checkSize(what, bytes, channels, Double.BYTES);
        double[] values = new double[channels];
        bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN).asDoubleBuffer().get(values);
        if (!areFinite(values)) {
            for (double value : values) {
                checkFinite(what, value);
            }
        }
        return values;
    }

    /** Whether all are, by their bits and without a branch, so that the compiler makes vectors of the loop. */
    private static boolean areFinite(float[] values) {
        int largest = 0;
        for (float value : values) {
            largest = Math.max(largest, Float.floatToRawIntBits(value) & Integer.MAX_VALUE);
        }
        return largest < Float.floatToRawIntBits(Float.POSITIVE_INFINITY);
    }

    private static boolean areFinite(double[] values) {
        long largest = 0;
        for (double value : values) {
            largest = Math.max(largest, Double.doubleToRawLongBits(value) & Long.MAX_VALUE);
        }
        return largest < Double.doubleToRawLongBits(Double.POSITIVE_INFINITY);
    }

    private static void checkSize(String what, ByteBuffer bytes, int channels, int width) {
        if (channels < 0 || bytes.remaining() != (long) channels * width) {
            throw new SerializationException(what + " has " + bytes.remaining() + " bytes, which is not " + width
                    + " for each of its " + channels + " channels");
        }
    }

    private static void checkFinite(String what, double value) {
        if (!Double.isFinite(value)) {
            throw new SerializationException(what + " contains " + value + ", which is no finite number");
        }
    }
}
