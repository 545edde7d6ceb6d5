package dev.sparsecast.checkpoint.hub;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.locks.ReentrantLock;

/** Held by one thread of one process at a time; the system releases it when the process dies. */
final class CacheLock implements AutoCloseable {
    /** The system's locks are the process's, so its threads need one among themselves; one for all files will do. */
    private static final ReentrantLock OF_THIS_PROCESS = new ReentrantLock();

    private final FileChannel channel;

    private CacheLock(FileChannel channel) {
        this.channel = channel;
    }

    /** Waits for the lock. The file stays when the lock is released: others may wait for it. */
    static CacheLock take(Path file) throws IOException {
        OF_THIS_PROCESS.lock();
        try {
            Files.createDirectories(file.getParent());
            FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            try {
                channel.lock();
                return new CacheLock(channel);
            } catch (IOException | RuntimeException e) {
                channel.close();
                throw e;
            }
        } catch (IOException | RuntimeException e) {
            OF_THIS_PROCESS.unlock();
            throw e;
        }
    }

    @Override
    public void close() throws IOException {
        try {
            channel.close();
        } finally {
            OF_THIS_PROCESS.unlock();
        }
    }
}
