package dev.sparsecast.wanda.materialization;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Has the disk write while files are still being written, again and again, instead of only when all is there: what is left for
 * the sync at the end, and so what that takes, is little. It replaces no sync.
 */
final class EarlySync implements AutoCloseable {
    private static final long PAUSE_MILLIS = 5;

    private final List<FileChannel> channels;
    private final Thread thread;
    private volatile boolean stopped;
    private volatile @Nullable IOException failure;

    private EarlySync(List<FileChannel> channels) {
        this.channels = List.copyOf(channels);
        this.thread = Thread.ofPlatform().daemon().name("early-sync").unstarted(this::run);
    }

    /** Begins; the channels must stay open until it is closed. */
    static EarlySync of(List<FileChannel> channels) {
        EarlySync sync = new EarlySync(channels);
        sync.thread.start();
        return sync;
    }

    private void run() {
        try {
            while (!stopped) {
                for (FileChannel channel : channels) {
                    channel.force(false);
                }
                Thread.sleep(PAUSE_MILLIS);
            }
        } catch (IOException e) {
            failure = e; // the system tells of it once only, so the sync at the end would not
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Ends it, once what it is about is on the disk.
     *
     * @throws IOException if something could not be written
     */
    @Override
    public void close() throws IOException {
        stopped = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        IOException found = failure;
        if (found != null) {
            throw found;
        }
    }
}
