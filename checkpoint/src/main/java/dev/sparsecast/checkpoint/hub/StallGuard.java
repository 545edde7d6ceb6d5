package dev.sparsecast.checkpoint.hub;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;

/** Closes a stream that delivers nothing for too long, so that whoever reads it fails rather than waits for ever. */
final class StallGuard implements AutoCloseable {
    private final Thread watcher;
    private volatile long lastAlive = System.nanoTime();

    private StallGuard(InputStream body, Duration patience) {
        this.watcher = Thread.ofVirtual().name("hub-stall-guard").unstarted(() -> closeWhenStalled(body, patience));
    }

    static StallGuard watch(InputStream body, Duration patience) {
        StallGuard guard = new StallGuard(body, patience);
        guard.watcher.start();
        return guard;
    }

    /** Something arrived. */
    void alive() {
        lastAlive = System.nanoTime();
    }

    private void closeWhenStalled(InputStream body, Duration patience) {
        try {
            while (true) {
                long left = patience.toNanos() - (System.nanoTime() - lastAlive);
                if (left <= 0) {
                    body.close();
                    return;
                }
                Thread.sleep(Duration.ofNanos(left));
            }
        } catch (InterruptedException e) {
            // the download has ended
        } catch (IOException e) {
            // whoever reads the stream sees that it is closed
        }
    }

    @Override
    public void close() {
        watcher.interrupt();
    }
}
