package dev.sparsecast.checkpoint;

import java.nio.file.Path;
import java.util.Map;

/**
 * A memory-mapped safetensors file: 8 bytes of header length (little-endian), a JSON header, then the data section.
 * Format: https://github.com/huggingface/safetensors
 */
public final class SafetensorsFile implements AutoCloseable {
    /**
     * Maps a file and checks its header: length within the file and under 100 MB, known types, sizes that fit the
     * shapes, offsets that neither overlap nor leave the file.
     *
     * @throws CheckpointException naming the file and, where it is one's fault, the tensor
     */
    public static SafetensorsFile open(Path file) {
        throw new UnsupportedOperationException();
    }

    public Path path() {
        throw new UnsupportedOperationException();
    }

    /** Tensors by name, in the order of their data. */
    public Map<String, Tensor> tensors() {
        throw new UnsupportedOperationException();
    }

    /** The header's {@code __metadata__}; empty if it has none. */
    public Map<String, String> metadata() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
}
