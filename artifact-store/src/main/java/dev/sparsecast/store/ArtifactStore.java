package dev.sparsecast.store;

import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;

/**
 * Immutable files by name, written by the pruner and read by deployers. Names are relative paths of
 * {@code [A-Za-z0-9._@+-]} segments separated by {@code /}; anything else ({@code ..}, absolute, empty segments) is refused.
 */
public interface ArtifactStore extends AutoCloseable {
    /**
     * Size and digest of a stored file.
     *
     * @param sha256 64 hex digits
     */
    record Stored(long bytes, String sha256) {}

    /**
     * Copies a file into the store. It becomes visible under its name at once and whole, or not at all; an existing file
     * of the same content is left as it is, one of other content is refused.
     *
     * @throws StoreException naming the artifact
     */
    Stored put(String name, Path file);

    /**
     * Opens a file for reading.
     *
     * @throws StoreException if there is none of that name
     */
    InputStream read(String name);

    /** Whether there is a file of that name. */
    boolean exists(String name);

    /** Names of all files whose names begin with {@code prefix}, sorted. */
    List<String> list(String prefix);

    /** Removes a file if it is there. */
    void delete(String name);

    @Override
    void close();
}
