package dev.sparsecast.cli.stack;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/**
 * Where the embedded stack keeps its files: {@code broker/} (Kafka's log directory), {@code registry/} (the registry's
 * database) and {@code registry.log}. A lock keeps two stacks out of one directory; a temporary directory is deleted when
 * it is closed.
 */
public final class DataDirectory implements AutoCloseable {
    private final Path root;
    private final boolean temporary;
    private final FileChannel lockFile;
    private final FileLock lock;

    private DataDirectory(Path root, boolean temporary, FileChannel lockFile, FileLock lock) {
        this.root = root;
        this.temporary = temporary;
        this.lockFile = lockFile;
        this.lock = lock;
    }

    /** A new directory that is deleted on close. */
    public static DataDirectory temporary() {
        try {
            return lock(Files.createTempDirectory("sparsecast-stack-").toRealPath(), true);
        } catch (IOException e) {
            throw new StackException(
                    StackException.Reason.FAILED,
                    "Cannot create a temporary directory in " + System.getProperty("java.io.tmpdir") + ": " + e
                            + "; make room there or name a directory with --data.",
                    e);
        }
    }

    /** A directory that stays; made when it is not there. */
    public static DataDirectory at(Path directory) {
        try {
            return lock(Files.createDirectories(directory).toRealPath(), false);
        } catch (IOException e) {
            throw new StackException(
                    StackException.Reason.BAD_INPUT,
                    "Cannot use " + directory + " as data directory (" + e
                            + "); name a directory that you can write to.",
                    e);
        }
    }

    private static DataDirectory lock(Path root, boolean temporary) throws IOException {
        FileChannel channel =
                FileChannel.open(root.resolve("stack.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        @Nullable FileLock lock;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            lock = null;
        }
        if (lock == null) {
            channel.close();
            throw new StackException(
                    StackException.Reason.BAD_INPUT,
                    "The data directory " + root
                            + " is in use by another embedded stack; stop it or name another directory.");
        }
        return new DataDirectory(root, temporary, channel, lock);
    }

    public Path root() {
        return root;
    }

    public boolean isTemporary() {
        return temporary;
    }

    Path broker() {
        return root.resolve("broker");
    }

    Path registryDatabase() {
        return root.resolve("registry").resolve("registry");
    }

    Path registryLog() {
        return root.resolve("registry.log");
    }

    @Override
    public void close() {
        try {
            if (lock.isValid()) {
                lock.release();
            }
            lockFile.close();
            if (temporary) {
                deleteRecursively(root);
            }
        } catch (IOException e) {
            throw new StackException(
                    StackException.Reason.FAILED, "Cannot delete " + root + " (" + e + "); delete it by hand.", e);
        }
    }

    /** Deletes a directory and all in it; files that vanish meanwhile are as good as deleted. */
    static void deleteRecursively(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        Files.walkFileTree(directory, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.deleteIfExists(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
                if (e instanceof NoSuchFileException) {
                    return FileVisitResult.CONTINUE;
                }
                throw e;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException e) throws IOException {
                Files.deleteIfExists(visited);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
