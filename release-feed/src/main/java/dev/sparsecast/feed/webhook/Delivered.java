package dev.sparsecast.feed.webhook;

import dev.sparsecast.feed.FeedException;
import dev.sparsecast.feed.event.EventId;
import dev.sparsecast.store.ContentDigest;
import dev.sparsecast.store.Durable;
import java.io.IOException;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/** Which event each webhook took last, in a file for each: it is replaced whole and synced. Locked while open. */
public final class Delivered implements AutoCloseable {
    private final Path directory;
    private final FileChannel lock;

    private Delivered(Path directory, FileChannel lock) {
        this.directory = directory;
        this.lock = lock;
    }

    /**
     * Opens the state directory of a feed, which is made if it is not there.
     *
     * @throws FeedException if it cannot be used, or another feed uses it
     */
    public static Delivered open(Path state) {
        Path directory = state.toAbsolutePath().normalize();
        try {
            Files.createDirectories(directory);
            FileChannel lock =
                    FileChannel.open(directory.resolve(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            if (!isLocked(lock)) {
                lock.close();
                throw new FeedException("the state directory " + directory
                        + " is in use by another feed: stop that one, or give this one a directory of its own");
            }
            return new Delivered(directory, lock);
        } catch (IOException e) {
            throw new FeedException("cannot use " + directory + " as state directory: " + e, e);
        }
    }

    private static boolean isLocked(FileChannel channel) throws IOException {
        try {
            return channel.tryLock() != null;
        } catch (OverlappingFileLockException e) {
            return false; // by this process
        }
    }

    /** The event that a webhook took last; empty if it never took one. */
    Optional<EventId> last(URI webhook) {
        Path file = file(webhook);
        try {
            return Files.exists(file) ? EventId.parse(Files.readString(file).strip()) : Optional.empty();
        } catch (IOException e) {
            throw new FeedException("cannot read " + file + ": " + e, e);
        }
    }

    /** A webhook took an event. */
    void took(URI webhook, EventId event) {
        Path file = file(webhook);
        Path temporary = directory.resolve(file.getFileName() + ".part");
        try {
            Files.writeString(temporary, event + "\n");
            Durable.sync(temporary);
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
            Durable.sync(directory);
        } catch (IOException e) {
            throw new FeedException("cannot write " + file + " (" + e + "): check the disk", e);
        }
    }

    private Path file(URI webhook) {
        String hash = ContentDigest.of(webhook.toString().getBytes(StandardCharsets.UTF_8))
                .sha256();
        return directory.resolve("webhook-" + hash.substring(0, 16));
    }

    /** Unlocks the directory. */
    @Override
    public void close() {
        try {
            lock.close();
        } catch (IOException e) {
            throw new FeedException("cannot unlock the state directory " + directory + ": " + e, e);
        }
    }
}
