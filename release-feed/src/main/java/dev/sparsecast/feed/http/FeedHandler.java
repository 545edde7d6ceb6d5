package dev.sparsecast.feed.http;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import dev.sparsecast.feed.event.EventId;
import dev.sparsecast.feed.event.EventLog;
import dev.sparsecast.feed.event.ReleaseEvent;
import dev.sparsecast.store.ArtifactStore;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers {@code GET} requests:
 *
 * <pre>
 * /api/v1/releases            the newest release of each sub-model; with after=ID all events after that one
 * /api/v1/events              server-sent events; resumed by the header Last-Event-ID or after=ID
 * /api/v1/artifacts/NAME      an artifact that a release names
 * </pre>
 */
public final class FeedHandler implements HttpHandler {
    /** What all its paths begin with. */
    public static final String PREFIX = "/api/v1/";

    static final int MOST_STREAMS = 256;
    private static final Logger LOG = LoggerFactory.getLogger(FeedHandler.class);
    private static final Duration SILENCE = Duration.ofSeconds(15);
    private static final String ARTIFACTS = PREFIX + "artifacts/";

    private final EventLog log;
    private final Optional<ArtifactAnswer> artifacts;
    private final EventStream stream;
    private final AtomicInteger streams = new AtomicInteger();

    /** @param store where artifacts are; without one none is given out */
    public FeedHandler(EventLog log, Optional<ArtifactStore> store, MeterRegistry registry) {
        this.log = log;
        this.artifacts = store.map(opened -> new ArtifactAnswer(log, opened));
        this.stream = new EventStream(log, SILENCE);
        Gauge.builder("sparsecast.feed.streams", streams, AtomicInteger::get)
                .description("Clients that listen to server-sent events")
                .register(registry);
    }

    @Override
    public void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            String path = exchange.getRequestURI().getPath();
            if (!exchange.getRequestMethod().equals("GET")) {
                exchange.getResponseHeaders().set("Allow", "GET");
                refuse(exchange, 405, "use GET");
            } else if (path.startsWith(ARTIFACTS)) {
                artifact(exchange, path.substring(ARTIFACTS.length()));
            } else if (!path.equals(PREFIX + "releases") && !path.equals(PREFIX + "events")) {
                refuse(exchange, 404, "there is nothing here; the feed has releases, events and artifacts/NAME");
            } else if (!log.isCaughtUp()) {
                exchange.getResponseHeaders().set("Retry-After", "1");
                refuse(exchange, 503, "the feed is still reading what there is: come back in a second");
            } else {
                events(exchange, path.equals(PREFIX + "events"));
            }
        } catch (IOException e) {
            LOG.atDebug().log("a client went away: {}", e.toString());
        }
    }

    private void events(HttpExchange exchange, boolean streaming) throws IOException {
        Query query;
        Optional<EventId> after;
        try {
            query = Query.of(exchange.getRequestURI());
            String header = exchange.getRequestHeaders().getFirst("Last-Event-ID");
            after = header == null || header.isEmpty() ? query.after() : Optional.of(Query.id(header));
        } catch (IllegalArgumentException e) {
            refuse(exchange, 400, String.valueOf(e.getMessage()));
            return;
        }
        if (streaming) {
            stream(exchange, query, after);
        } else {
            list(exchange, query);
        }
    }

    private void stream(HttpExchange exchange, Query query, Optional<EventId> after) throws IOException {
        if (streams.incrementAndGet() > MOST_STREAMS) {
            streams.decrementAndGet();
            exchange.getResponseHeaders().set("Retry-After", "60");
            refuse(exchange, 503, "too many clients listen already");
            return;
        }
        try {
            stream.send(exchange, query, log.resume(after));
        } finally {
            streams.decrementAndGet();
        }
    }

    private void list(HttpExchange exchange, Query query) throws IOException {
        // asked first: what comes meanwhile is then told twice rather than never
        String last = log.last().map(EventId::toString).orElse("");
        List<ReleaseEvent> events = query.after().isPresent()
                ? log.after(log.resume(query.after()))
                : log.newest().stream()
                        .filter(event -> event.release().isPresent())
                        .toList();
        String json = events.stream()
                .filter(query::wants)
                .map(ReleaseEvent::json)
                .collect(Collectors.joining(",", "{\"events\":[", "],\"last_id\":\"" + last + "\"}\n"));
        exchange.getResponseHeaders().set("Cache-Control", "no-store");
        answer(exchange, 200, "application/json", json);
    }

    private void artifact(HttpExchange exchange, String name) throws IOException {
        if (artifacts.isEmpty()) {
            refuse(exchange, 404, "this feed gives out no artifacts: it was started without --store");
        } else if (!artifacts.get().answer(exchange, name)) {
            refuse(exchange, 404, "no release that the feed knows has this artifact, or it is gone from the store");
        }
    }

    private static void refuse(HttpExchange exchange, int status, String sentence) throws IOException {
        answer(exchange, status, "text/plain; charset=utf-8", sentence + "\n");
    }

    private static void answer(HttpExchange exchange, int status, String type, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", type);
        exchange.sendResponseHeaders(status, bytes.length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(bytes);
        }
    }
}
