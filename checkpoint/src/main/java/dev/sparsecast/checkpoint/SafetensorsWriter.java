package dev.sparsecast.checkpoint;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Writes a safetensors file front to back, never holding more than one tensor: the layout is declared first, then the
 * tensors follow in that order. The file appears under its name only when complete ({@link #finish}, which syncs it);
 * closing earlier removes the partial one. Not safe for use by several threads.
 */
public final class SafetensorsWriter implements AutoCloseable {
    private static final int CHUNK = 1 << 20;

    /** Name, type and shape of a tensor to come. */
    public record Entry(String name, ElementType type, List<Long> shape) {
        public Entry {
            shape = List.copyOf(shape);
        }

        /** Size of the tensor's data. */
        public long bytes() {
            long bytes = type.bytes();
            for (long size : shape) {
                if (size < 0) {
                    throw new IllegalArgumentException("tensor " + name + " has a negative size in its shape " + shape);
                }
                bytes = Math.multiplyExact(bytes, size);
            }
            return bytes;
        }
    }

    private final Path file;
    private final PartialFile partial;
    private final List<Entry> layout;
    private final MessageDigest digest = Sha256.start();
    private final byte[] chunk = new byte[CHUNK];
    private int current;
    private long written;
    private boolean finished;

    private SafetensorsWriter(Path file, PartialFile partial, List<Entry> layout) {
        this.file = file;
        this.partial = partial;
        this.layout = layout;
    }

    /**
     * Begins a file.
     *
     * @param file where it will appear; replaced if it exists
     * @param layout the tensors in the order in which they will be written; offsets follow from it without gaps
     * @param metadata strings for the header's {@code __metadata__}; none if empty
     * @throws CheckpointException if the directory does not exist or cannot be written
     * @throws IllegalArgumentException if a name occurs twice or a shape is impossible
     */
    public static SafetensorsWriter create(Path file, List<Entry> layout, Map<String, String> metadata) {
        byte[] header = header(layout, metadata);
        try {
            SafetensorsWriter writer =
                    new SafetensorsWriter(file.toAbsolutePath(), PartialFile.beside(file), List.copyOf(layout));
            writer.begin(header);
            return writer;
        } catch (NoSuchFileException e) {
            throw new CheckpointException(
                    "cannot write " + file + ": its directory does not exist; create it first", e);
        } catch (IOException e) {
            throw new CheckpointException("cannot write " + file + ": " + e.getMessage(), e);
        }
    }

    private static byte[] header(List<Entry> layout, Map<String, String> metadata) {
        Map<String, Object> header = new LinkedHashMap<>();
        if (!metadata.isEmpty()) {
            header.put(SafetensorsHeader.METADATA, metadata);
        }
        Set<String> names = new HashSet<>(Set.of(SafetensorsHeader.METADATA));
        long offset = 0;
        for (Entry entry : layout) {
            if (!names.add(entry.name())) {
                throw new IllegalArgumentException("tensor name " + entry.name() + " is taken");
            }
            long end = Math.addExact(offset, entry.bytes());
            Map<String, Object> description = new LinkedHashMap<>();
            description.put("dtype", entry.type().name());
            description.put("shape", entry.shape());
            description.put("data_offsets", List.of(offset, end));
            header.put(entry.name(), description);
            offset = end;
        }
        byte[] json = StrictJson.write(header).getBytes(StandardCharsets.UTF_8);
        byte[] padded = Arrays.copyOf(json, Math.ceilDiv(json.length, 8) * 8);
        Arrays.fill(padded, json.length, padded.length, (byte) ' ');
        return padded;
    }

    private void begin(byte[] header) throws IOException {
        try {
            ByteBuffer start = ByteBuffer.allocate(8 + header.length).order(ByteOrder.LITTLE_ENDIAN);
            start.putLong(header.length).put(header).flip();
            writeFully(start);
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    /**
     * Appends the bytes of the next tensor, which must be {@code name}; may be called repeatedly until its size is
     * reached. Tensors without elements need no call.
     *
     * @param bytes little-endian, row-major
     * @throws IllegalStateException if it is another tensor's turn, or the bytes are more than its size
     * @throws CheckpointException if the file cannot be written
     */
    public void write(String name, MemorySegment bytes) {
        while (current < layout.size()
                && written == layout.get(current).bytes()
                && !layout.get(current).name().equals(name)) {
            advance();
        }
        if (current == layout.size() || !layout.get(current).name().equals(name)) {
            throw new IllegalStateException("tensor " + name + " was written out of turn; " + expected());
        }
        long size = layout.get(current).bytes();
        if (bytes.byteSize() > size - written) {
            throw new IllegalStateException("tensor " + name + " has " + size + " bytes, but "
                    + (written + bytes.byteSize()) + " were written");
        }
        append(bytes);
        written += bytes.byteSize();
    }

    private void append(MemorySegment bytes) {
        try {
            for (long offset = 0; offset < bytes.byteSize(); offset += CHUNK) {
                int count = (int) Math.min(CHUNK, bytes.byteSize() - offset);
                MemorySegment.copy(bytes, offset, MemorySegment.ofArray(chunk), 0, count);
                digest.update(chunk, 0, count);
                writeFully(ByteBuffer.wrap(chunk, 0, count));
            }
        } catch (IOException e) {
            throw new CheckpointException("cannot write " + file + ": " + e.getMessage(), e);
        }
    }

    private void writeFully(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            partial.channel().write(bytes);
        }
    }

    private void advance() {
        current++;
        written = 0;
    }

    private String expected() {
        return current == layout.size()
                ? "all tensors are complete"
                : "the next one is " + layout.get(current).name() + ", of which " + written + " bytes are written";
    }

    /**
     * Completes, syncs and publishes the file; returns {@code sha256:…} of the data section.
     *
     * @throws IllegalStateException if a tensor is incomplete
     * @throws CheckpointException if the file cannot be written
     */
    public String finish() {
        while (current < layout.size() && written == layout.get(current).bytes()) {
            advance();
        }
        if (finished || current < layout.size()) {
            throw new IllegalStateException(
                    finished ? "finished already" : "not all tensors are written; " + expected());
        }
        try {
            partial.publish();
            finished = true;
        } catch (IOException e) {
            throw new CheckpointException("cannot write " + file + ": " + e.getMessage(), e);
        }
        return Sha256.label(digest.digest());
    }

    /** Removes the partial file unless {@link #finish} succeeded. */
    @Override
    public void close() {
        try {
            partial.close();
        } catch (IOException e) {
            throw new CheckpointException("cannot remove " + partial + ": " + e.getMessage(), e);
        }
    }
}
