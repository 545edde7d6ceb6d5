package dev.sparsecast.streams.state;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Reads the parts of a state entry in the order in which {@link StateWriter} wrote them. */
public final class StateReader {
    private final ByteBuffer buffer;

    StateReader(byte[] bytes) {
        buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    public int getInt() {
        return buffer.getInt();
    }

    public long getLong() {
        return buffer.getLong();
    }

    public double getDouble() {
        return buffer.getDouble();
    }

    public String getText() {
        return new String(getBytes(), StandardCharsets.UTF_8);
    }

    public byte[] getBytes() {
        byte[] bytes = new byte[length(1)];
        buffer.get(bytes);
        return bytes;
    }

    public double[] getDoubles() {
        double[] values = new double[length(Double.BYTES)];
        buffer.asDoubleBuffer().get(values);
        buffer.position(buffer.position() + values.length * Double.BYTES);
        return values;
    }

    public float[] getFloats() {
        float[] values = new float[length(Float.BYTES)];
        buffer.asFloatBuffer().get(values);
        buffer.position(buffer.position() + values.length * Float.BYTES);
        return values;
    }

    boolean isAtEnd() {
        return !buffer.hasRemaining();
    }

    /** The number of elements that follow, which must fit into what is left. */
    private int length(int elementBytes) {
        int length = buffer.getInt();
        if (length < 0 || (long) length * elementBytes > buffer.remaining()) {
            throw new IllegalArgumentException("an array of " + length + " elements does not fit into the "
                    + buffer.remaining() + " bytes that are left");
        }
        return length;
    }
}
