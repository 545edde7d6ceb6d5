package dev.sparsecast.checkpoint;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;

/**
 * A hidden file beside a target that becomes the target all at once, when it is complete and synced. Closing it earlier
 * removes it; what a killed process left behind is removed by the next one that writes the same target.
 */
public final class PartialFile implements AutoCloseable {
    private final Path target;
    private final Path directory;
    private final Path path;
    private final FileChannel channel;
    private boolean published;

    private PartialFile(Path target, Path directory, Path path, FileChannel channel) {
        this.target = target;
        this.directory = directory;
        this.path = path;
        this.channel = channel;
    }

    /** @throws java.nio.file.NoSuchFileException if the directory does not exist */
    public static PartialFile beside(Path file) throws IOException {
        Path target = file.toAbsolutePath();
        Path directory = Objects.requireNonNull(target.getParent(), "a file has a directory");
        String prefix = "." + target.getFileName() + ".partial-";
        removeAbandoned(directory, prefix);
        Path path = directory.resolve(prefix + ProcessHandle.current().pid() + "-"
                + Long.toHexString(ThreadLocalRandom.current().nextLong()));
        FileChannel channel = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        return new PartialFile(target, directory, path, channel);
    }

    private static void removeAbandoned(Path directory, String prefix) throws IOException {
        List<Path> partial;
        try (Stream<Path> entries = Files.list(directory)) {
            partial = entries.filter(entry -> entry.getFileName().toString().startsWith(prefix))
                    .toList();
        }
        for (Path entry : partial) {
            String owner = entry.getFileName().toString().substring(prefix.length());
            if (owner.matches("\\d{1,18}-[0-9a-f]{1,16}") && !isAlive(owner.substring(0, owner.indexOf('-')))) {
                Files.deleteIfExists(entry);
            }
        }
    }

    private static boolean isAlive(String process) {
        return ProcessHandle.of(Long.parseLong(process))
                .map(ProcessHandle::isAlive)
                .orElse(false);
    }

    /** To write to. */
    public FileChannel channel() {
        return channel;
    }

    /** Syncs the file and gives it the target's name, which survives a power cut. */
    public void publish() throws IOException {
        channel.force(true);
        channel.close();
        Files.move(path, target, StandardCopyOption.ATOMIC_MOVE);
        published = true;
        if (directory.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            try (FileChannel open = FileChannel.open(directory, StandardOpenOption.READ)) {
                open.force(true);
            }
        }
    }

    /** Removes the file unless it was published. */
    @Override
    public void close() throws IOException {
        if (!published) {
            channel.close();
            Files.deleteIfExists(path);
        }
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
