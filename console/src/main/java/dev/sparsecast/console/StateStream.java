package dev.sparsecast.console;

import dev.sparsecast.console.state.PipelineState;
import io.javalin.http.sse.SseClient;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The state as server-sent events: one thread writes it as JSON when it changed, at most once an interval, and every
 * {@link #LONGEST_SILENCE} even when it did not, since rates fall with time. Each page has a thread of its own that sends
 * it the newest state, so a slow page misses states in between and holds up nobody.
 */
final class StateStream implements AutoCloseable {
    static final int MOST_PAGES = 64;
    private static final Duration LONGEST_SILENCE = Duration.ofSeconds(2);

    private final PipelineState state;
    private final Json json;
    private final Duration interval;
    private final Set<SseClient> clients = ConcurrentHashMap.newKeySet();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition newer = lock.newCondition();
    private final Thread writer;
    private @Nullable String latest;
    private long number;
    private volatile boolean closed;

    StateStream(PipelineState state, Json json, Duration interval) {
        this.state = state;
        this.json = json;
        this.interval = interval;
        this.writer = Thread.ofVirtual().name("console-state").unstarted(this::write);
    }

    void start() {
        writer.start();
    }

    /** Takes a page on, unless there are too many. */
    boolean add(SseClient client) {
        if (closed || clients.size() >= MOST_PAGES) {
            return false;
        }
        clients.add(client);
        client.onClose(() -> clients.remove(client));
        client.keepAlive();
        Thread.ofVirtual().name("console-page").start(() -> send(client));
        return true;
    }

    private void write() {
        long written = -1;
        long writtenAt = System.nanoTime();
        try {
            while (!closed) {
                long revision = state.revision();
                boolean silent = System.nanoTime() - writtenAt >= LONGEST_SILENCE.toNanos();
                if (!clients.isEmpty() && (revision != written || silent || latest() == null)) {
                    publish(new String(json.bytes(state.view()), StandardCharsets.UTF_8));
                    written = revision;
                    writtenAt = System.nanoTime();
                }
                TimeUnit.NANOSECONDS.sleep(interval.toNanos());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private @Nullable String latest() {
        lock.lock();
        try {
            return latest;
        } finally {
            lock.unlock();
        }
    }

    private void publish(String text) {
        lock.lock();
        try {
            latest = text;
            number++;
            newer.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void send(SseClient client) {
        long sent = 0;
        try {
            client.sendEvent("state", new String(json.bytes(state.view()), StandardCharsets.UTF_8));
            while (!closed && !client.terminated()) {
                String text;
                lock.lock();
                try {
                    while (number == sent && !closed) {
                        newer.await();
                    }
                    sent = number;
                    text = latest;
                } finally {
                    lock.unlock();
                }
                if (text != null && !closed) {
                    client.sendEvent("state", text);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            clients.remove(client);
            client.close();
        }
    }

    @Override
    public void close() {
        closed = true;
        writer.interrupt();
        lock.lock();
        try {
            newer.signalAll();
        } finally {
            lock.unlock();
        }
        clients.forEach(SseClient::close);
    }
}
