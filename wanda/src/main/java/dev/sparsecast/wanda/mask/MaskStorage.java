package dev.sparsecast.wanda.mask;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Room for mask bits outside the heap, all zero at first and freed when nothing refers to it any more. Small masks lie in
 * native memory; those of large models (800 MB for 7 B weights) in a nameless temporary file, which the system may page
 * out and which does not count against the JVM's limit on direct memory.
 */
final class MaskStorage {
    private static final long LARGE = 64L << 20;

    private MaskStorage() {}

    static MemorySegment allocate(long bytes) {
        return bytes < LARGE ? Arena.ofAuto().allocate(bytes) : mapTemporaryFile(bytes);
    }

    private static MemorySegment mapTemporaryFile(long bytes) {
        try {
            Path file = Files.createTempFile("sparsecast-mask", null);
            try (FileChannel channel = FileChannel.open(
                    file, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE)) {
                return channel.map(FileChannel.MapMode.READ_WRITE, 0, bytes, Arena.ofAuto());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "no room for " + bytes
                            + " bytes of masks in the temporary directory: free some or set -Djava.io.tmpdir",
                    e);
        }
    }
}
