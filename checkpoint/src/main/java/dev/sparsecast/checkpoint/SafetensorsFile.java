package dev.sparsecast.checkpoint;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A memory-mapped safetensors file: 8 bytes of header length (little-endian), a JSON header, then the data section.
 * Format: https://github.com/huggingface/safetensors
 */
public final class SafetensorsFile implements AutoCloseable {
    private static final int LENGTH_BYTES = 8;
    private static final ValueLayout.OfLong LENGTH = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Path path;
    private final Arena arena;
    private final MemorySegment data;
    private final Map<String, Tensor> tensors;
    private final Map<String, String> metadata;

    private SafetensorsFile(Path path, Arena arena, MemorySegment data, SafetensorsHeader header) {
        this.path = path;
        this.arena = arena;
        this.data = data;
        Map<String, Tensor> byName = new LinkedHashMap<>();
        for (SafetensorsHeader.Span span : header.tensors()) {
            MemorySegment bytes = data.asSlice(span.begin(), span.end() - span.begin());
            byName.put(span.name(), new Tensor(span.name(), span.type(), span.shape(), bytes));
        }
        this.tensors = Collections.unmodifiableMap(byName);
        this.metadata = Collections.unmodifiableMap(header.metadata());
    }

    /**
     * Maps a file and checks its header: length within the file and at most 100 MB, known types, sizes that fit the
     * shapes, offsets that cover the data section without overlaps or holes.
     *
     * @throws CheckpointException naming the file and, where it is one's fault, the tensor
     */
    public static SafetensorsFile open(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new CheckpointException(
                    Files.exists(file) ? file + " is not a file" : "there is no file " + file + "; check the path");
        }
        Arena arena = Arena.ofShared();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            MemorySegment mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            return parse(file, arena, mapped);
        } catch (IOException e) {
            arena.close();
            throw new CheckpointException("cannot read " + file + ": " + e.getMessage(), e);
        } catch (RuntimeException e) {
            arena.close();
            throw e;
        }
    }

    private static SafetensorsFile parse(Path file, Arena arena, MemorySegment mapped) {
        long size = mapped.byteSize();
        if (size < LENGTH_BYTES) {
            throw new CheckpointException(file + " is not a safetensors file: it has only " + size
                    + " bytes, fewer than the header's length");
        }
        long headerBytes = mapped.get(LENGTH, 0);
        if (headerBytes < 0 || headerBytes > size - LENGTH_BYTES) {
            throw new CheckpointException(file + " is truncated or not a safetensors file: it announces a header of "
                    + Long.toUnsignedString(headerBytes) + " bytes, but has only " + (size - LENGTH_BYTES)
                    + " bytes after that");
        }
        if (headerBytes > SafetensorsHeader.LIMIT) {
            throw new CheckpointException(
                    file + " announces a header of " + headerBytes + " bytes; the limit is " + SafetensorsHeader.LIMIT);
        }
        byte[] json = mapped.asSlice(LENGTH_BYTES, headerBytes).toArray(ValueLayout.JAVA_BYTE);
        MemorySegment data = mapped.asSlice(LENGTH_BYTES + headerBytes);
        SafetensorsHeader header = SafetensorsHeader.parse(file.toString(), json, data.byteSize());
        return new SafetensorsFile(file, arena, data, header);
    }

    /** The file, as it was given to {@link #open}. */
    public Path path() {
        return path;
    }

    /** Tensors by name, in the order of their data. */
    public Map<String, Tensor> tensors() {
        return tensors;
    }

    /**
     * The tensor of a name.
     *
     * @throws CheckpointException naming the file and the tensor if there is none
     */
    public Tensor tensor(String name) {
        Tensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new CheckpointException(path + " has no tensor " + name);
        }
        return tensor;
    }

    /** The header's {@code __metadata__}; empty if it has none. */
    public Map<String, String> metadata() {
        return metadata;
    }

    /** {@code sha256:…} of the data section: all bytes after the header. Reads the whole file. */
    public String dataDigest() {
        return Sha256.label(Sha256.of(data));
    }

    /** Unmaps the file, after which no tensor of it may be read. A second call does nothing. */
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
