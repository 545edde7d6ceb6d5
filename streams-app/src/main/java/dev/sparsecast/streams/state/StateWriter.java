package dev.sparsecast.streams.state;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Writes the parts of a state entry one after another, little-endian, into an array that grows. */
public final class StateWriter {
    private ByteBuffer buffer;

    /** A writer of an entry of about so many bytes. */
    StateWriter(int expectedBytes) {
        buffer = ByteBuffer.allocate(expectedBytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    public StateWriter putInt(int value) {
        room(Integer.BYTES).putInt(value);
        return this;
    }

    public StateWriter putLong(long value) {
        room(Long.BYTES).putLong(value);
        return this;
    }

    public StateWriter putDouble(double value) {
        room(Double.BYTES).putDouble(value);
        return this;
    }

    public StateWriter putText(String value) {
        return putBytes(value.getBytes(StandardCharsets.UTF_8));
    }

    public StateWriter putBytes(byte[] bytes) {
        putInt(bytes.length);
        room(bytes.length).put(bytes);
        return this;
    }

    public StateWriter putDoubles(double[] values) {
        putInt(values.length);
        int bytes = Math.multiplyExact(values.length, Double.BYTES);
        room(bytes).asDoubleBuffer().put(values);
        buffer.position(buffer.position() + bytes);
        return this;
    }

    public StateWriter putFloats(float[] values) {
        putInt(values.length);
        int bytes = Math.multiplyExact(values.length, Float.BYTES);
        room(bytes).asFloatBuffer().put(values);
        buffer.position(buffer.position() + bytes);
        return this;
    }

    byte[] toBytes() {
        return buffer.hasRemaining() ? Arrays.copyOf(buffer.array(), buffer.position()) : buffer.array();
    }

    private ByteBuffer room(int bytes) {
        if (buffer.remaining() < bytes) {
            int capacity = Math.max(Math.multiplyExact(buffer.capacity(), 2), Math.addExact(buffer.position(), bytes));
            buffer =
                    ByteBuffer.allocate(capacity).order(ByteOrder.LITTLE_ENDIAN).put(buffer.flip());
        }
        return buffer;
    }
}
