package dev.sparsecast.checkpoint;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Writes a safetensors file front to back, never holding more than one tensor: the layout is declared first, then the
 * tensors follow in that order. The file appears under its name only when complete ({@link #finish}, which syncs it);
 * closing earlier removes the partial one.
 */
public final class SafetensorsWriter implements AutoCloseable {
    /** Name, type and shape of a tensor to come. */
    public record Entry(String name, ElementType type, List<Long> shape) {}

    public static SafetensorsWriter create(Path file, List<Entry> layout, Map<String, String> metadata) {
        throw new UnsupportedOperationException();
    }

    /** Appends the bytes of the next tensor, which must be {@code name}; may be called repeatedly until its size is reached. */
    public void write(String name, MemorySegment bytes) {
        throw new UnsupportedOperationException();
    }

    /** Completes, syncs and publishes the file; returns {@code sha256:…} of the data section. */
    public String finish() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
}
