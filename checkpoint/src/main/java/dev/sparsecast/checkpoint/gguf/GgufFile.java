package dev.sparsecast.checkpoint.gguf;

import dev.sparsecast.checkpoint.CheckpointException;
import dev.sparsecast.checkpoint.PartialFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What goes into a GGUF file, version 3, little-endian: metadata, and float32 vectors. After the magic, the version and the
 * two counts come the metadata, then a description of each tensor, then, each at a multiple of 32 bytes, their data.
 * Strings are a 64-bit length and UTF-8. The format is described in the documentation of ggml.
 */
final class GgufFile {
    private static final int MAGIC = 0x46554747; // "GGUF"
    private static final int VERSION = 3;
    private static final int ALIGNMENT = 32;
    private static final int TENSOR_F32 = 0;

    /** How GGUF numbers the types of metadata. */
    private enum Type {
        UINT32(4),
        STRING(8),
        ARRAY(9);

        private final int number;

        Type(int number) {
            this.number = number;
        }
    }

    private final Map<String, byte[]> metadata = new LinkedHashMap<>();
    private final Map<String, float[]> tensors = new LinkedHashMap<>();

    GgufFile put(String key, String value) {
        return put(key, Type.STRING, string(value));
    }

    /** An unsigned 32-bit number. */
    GgufFile put(String key, int value) {
        return put(key, Type.UINT32, uint32(value));
    }

    GgufFile put(String key, List<String> values) {
        List<byte[]> parts = new ArrayList<>(List.of(uint32(Type.STRING.number), uint64(values.size())));
        values.forEach(value -> parts.add(string(value)));
        return put(key, Type.ARRAY, joined(parts));
    }

    private GgufFile put(String key, Type type, byte[] value) {
        metadata.put(key, joined(List.of(string(key), uint32(type.number), value)));
        return this;
    }

    /** A tensor of one dimension. The array must not change before {@link #write}. */
    GgufFile put(String name, float[] values) {
        tensors.put(name, values);
        return this;
    }

    /**
     * Writes the file atomically.
     *
     * @throws CheckpointException if it cannot be written
     */
    void write(Path file) {
        try (PartialFile out = PartialFile.beside(file)) {
            writeFully(out.channel(), ByteBuffer.wrap(header()));
            for (float[] values : tensors.values()) {
                ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(padded(bytes(values))))
                        .order(ByteOrder.LITTLE_ENDIAN);
                bytes.asFloatBuffer().put(values);
                writeFully(out.channel(), bytes);
            }
            out.publish();
        } catch (NoSuchFileException e) {
            throw new CheckpointException(
                    "cannot write " + file + ": its directory does not exist; create it first", e);
        } catch (IOException e) {
            throw new CheckpointException("cannot write " + file + ": " + e.getMessage(), e);
        }
    }

    private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    private byte[] header() {
        List<byte[]> parts = new ArrayList<>(
                List.of(uint32(MAGIC), uint32(VERSION), uint64(tensors.size()), uint64(metadata.size())));
        parts.addAll(metadata.values());
        long offset = 0;
        for (Map.Entry<String, float[]> tensor : tensors.entrySet()) {
            parts.add(string(tensor.getKey()));
            parts.add(uint32(1)); // dimensions
            parts.add(uint64(tensor.getValue().length));
            parts.add(uint32(TENSOR_F32));
            parts.add(uint64(offset));
            offset += padded(bytes(tensor.getValue()));
        }
        byte[] header = joined(parts);
        return ByteBuffer.allocate(Math.toIntExact(padded(header.length)))
                .put(header)
                .array();
    }

    private static long bytes(float[] values) {
        return (long) values.length * Float.BYTES;
    }

    private static long padded(long bytes) {
        return Math.ceilDiv(bytes, (long) ALIGNMENT) * ALIGNMENT;
    }

    private static byte[] uint32(int value) {
        return ByteBuffer.allocate(Integer.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(value)
                .array();
    }

    private static byte[] uint64(long value) {
        return ByteBuffer.allocate(Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .array();
    }

    private static byte[] string(String value) {
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        return joined(List.of(uint64(bytes.length), bytes));
    }

    private static byte[] joined(List<byte[]> parts) {
        ByteArrayOutputStream joined = new ByteArrayOutputStream();
        parts.forEach(joined::writeBytes);
        return joined.toByteArray();
    }
}
