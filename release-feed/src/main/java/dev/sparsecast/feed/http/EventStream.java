package dev.sparsecast.feed.http;

import com.sun.net.httpserver.HttpExchange;
import dev.sparsecast.feed.event.EventLog;
import dev.sparsecast.feed.event.ReleaseEvent;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

/**
 * Server-sent events to one client, until it goes away: first what it missed, then whatever comes. A comment now and then
 * keeps proxies from closing the connection, and tells when the client is gone.
 */
final class EventStream {
    private static final int RETRY_MILLIS = 2_000;

    private final EventLog log;
    private final Duration silence;

    /** @param silence the longest time to send nothing */
    EventStream(EventLog log, Duration silence) {
        this.log = log;
        this.silence = silence;
    }

    /**
     * Sends events on the caller's thread until the client or the log is closed.
     *
     * @param last the offset after which to begin
     */
    void send(HttpExchange exchange, Query query, long last) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
        exchange.getResponseHeaders().set("Cache-Control", "no-store");
        exchange.getResponseHeaders().set("X-Accel-Buffering", "no"); // nginx would collect events
        exchange.sendResponseHeaders(200, 0);
        try (OutputStream out = exchange.getResponseBody()) {
            write(out, "retry: " + RETRY_MILLIS + "\n\n");
            long sent = last;
            while (!log.isClosed()) {
                List<ReleaseEvent> events = log.await(sent, silence);
                boolean silent = true;
                for (ReleaseEvent event : events) {
                    sent = event.id().offset();
                    if (query.wants(event)) {
                        write(
                                out,
                                "id: " + event.id() + "\nevent: " + event.type() + "\ndata: " + event.json() + "\n\n");
                        silent = false;
                    }
                }
                if (silent) {
                    write(out, ": still here\n\n");
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void write(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
        out.flush();
    }
}
