package dev.sparsecast.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsecast.store.S3Server;
import dev.sparsecast.store.S3StoreContract;
import dev.sparsecast.store.StoreException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The artifact store on a real S3 server. */
class SeaweedFsStoreIT extends S3StoreContract {
    private static @Nullable SeaweedFs server;

    @BeforeAll
    static void start(@TempDir Path directory) throws IOException {
        // Not a Prerequisite: the same contract runs everywhere on the server that the build brings along.
        Assumptions.assumeTrue(SeaweedFs.program().isPresent(), SeaweedFs.MISSING);
        server = SeaweedFs.start(directory);
    }

    @AfterAll
    static void stop() {
        if (server != null) {
            server.close();
        }
    }

    @Override
    protected S3Server server() {
        if (server == null) {
            throw new IllegalStateException("SeaweedFS was not started");
        }
        return server;
    }

    /** S3Proxy does not look again when an upload in parts is completed. */
    @Test
    void letsOneOfSeveralWritersOfALargeFileWin() throws Exception {
        int writers = 3;
        AtomicInteger won = new AtomicInteger();
        AtomicInteger refused = new AtomicInteger();
        CountDownLatch start = new CountDownLatch(1);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < writers; i++) {
            byte[] content = new byte[PART + 1 + i];
            Path file = file(content);
            threads.add(Thread.ofVirtual().start(() -> {
                try {
                    start.await();
                    store.put("contested", file);
                    won.incrementAndGet();
                } catch (StoreException e) {
                    refused.incrementAndGet();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }));
        }
        start.countDown();
        for (Thread thread : threads) {
            thread.join();
        }

        assertThat(won).hasValue(1);
        assertThat(refused).hasValue(writers - 1);
        assertThat(unfinished()).isEmpty();
    }
}
