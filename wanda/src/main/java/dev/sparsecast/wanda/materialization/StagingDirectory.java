package dev.sparsecast.wanda.materialization;

import dev.sparsecast.wanda.PruningException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * A hidden directory beside a target ({@code .<target>.partial-<process id>}) that becomes the target all at once. What a
 * killed process left behind is removed by the next one that writes the same target.
 */
public final class StagingDirectory implements AutoCloseable {
    private final Path parent;
    private final Path target;
    private final Path path;

    private StagingDirectory(Path parent, Path target, Path path) {
        this.parent = parent;
        this.target = target;
        this.path = path;
    }

    /**
     * Makes the hidden directory.
     *
     * @throws PruningException if it cannot be made
     */
    public static StagingDirectory beside(Path target) {
        Path absolute = target.toAbsolutePath().normalize();
        Path parent = Objects.requireNonNull(absolute.getParent(), "a directory that can be made has a parent");
        String prefix = "." + absolute.getFileName() + ".partial-";
        Path path = absolute.resolveSibling(prefix + ProcessHandle.current().pid());
        try {
            removeAbandoned(parent, prefix);
            Files.createDirectory(path);
        } catch (IOException e) {
            throw new PruningException("cannot write checkpoint " + target + ": " + e.getMessage(), e);
        }
        return new StagingDirectory(parent, absolute, path);
    }

    /** The hidden directory. */
    public Path path() {
        return path;
    }

    /** Syncs everything and gives it the target's name. */
    public void publish() throws IOException {
        for (Path entry : walk(path)) {
            sync(entry);
        }
        // rename(2) replaces an empty directory and refuses any other
        Files.move(path, target, StandardCopyOption.ATOMIC_MOVE);
        sync(parent);
    }

    /** Removes what is left if it was not published. */
    @Override
    public void close() throws IOException {
        if (Files.exists(path)) {
            remove(path);
        }
    }

    private static void removeAbandoned(Path parent, String prefix) throws IOException {
        List<Path> candidates;
        try (Stream<Path> entries = Files.list(parent)) {
            candidates = entries.filter(entry -> entry.getFileName().toString().startsWith(prefix))
                    .toList();
        }
        for (Path candidate : candidates) {
            String pid = candidate.getFileName().toString().substring(prefix.length());
            if (pid.matches("\\d{1,18}")
                    && !ProcessHandle.of(Long.parseLong(pid))
                            .map(ProcessHandle::isAlive)
                            .orElse(false)) {
                remove(candidate);
            }
        }
    }

    private static void remove(Path directory) throws IOException {
        for (Path entry : walk(directory)) {
            Files.deleteIfExists(entry);
        }
    }

    /** All entries, contents before their directory. */
    private static List<Path> walk(Path directory) throws IOException {
        try (Stream<Path> entries = Files.walk(directory)) {
            return entries.sorted(Comparator.reverseOrder()).toList();
        }
    }

    private static void sync(Path entry) throws IOException {
        try (FileChannel channel = FileChannel.open(entry, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
