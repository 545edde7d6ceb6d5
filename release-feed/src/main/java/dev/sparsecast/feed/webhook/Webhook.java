package dev.sparsecast.feed.webhook;

import dev.sparsecast.feed.event.EventLog;
import dev.sparsecast.feed.event.ReleaseEvent;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends every event to one address, in order, each until it is answered with 200 to 299: at least once, under the same id
 * however often. Which event was taken last is remembered beyond restarts. A receiver that fails holds up nobody but itself.
 */
public final class Webhook implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Webhook.class);
    private static final Duration POLL = Duration.ofSeconds(30);

    private final WebhookSettings settings;
    private final EventLog log;
    private final Delivered delivered;
    private final Counter taken;
    private final Counter failed;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread;
    private volatile int pending;

    public Webhook(WebhookSettings settings, EventLog log, Delivered delivered, MeterRegistry registry) {
        this.settings = settings;
        this.log = log;
        this.delivered = delivered;
        this.taken = counter(registry, "taken");
        this.failed = counter(registry, "failed");
        Gauge.builder("sparsecast.feed.webhook.pending", this, webhook -> webhook.pending)
                .description("Events that a webhook has not taken yet")
                .tag("webhook", settings.name())
                .register(registry);
        this.thread = Thread.ofVirtual().name("webhook-" + settings.name()).unstarted(this::run);
    }

    private Counter counter(MeterRegistry registry, String outcome) {
        return Counter.builder("sparsecast.feed.webhook.attempts")
                .description("Events sent to a webhook, by what came of it")
                .tag("webhook", settings.name())
                .tag("outcome", outcome)
                .register(registry);
    }

    /** Begins to send. */
    public void start() {
        thread.start();
    }

    private void run() {
        try (HttpClient client = HttpClient.newBuilder()
                .connectTimeout(settings.timeout())
                .followRedirects(HttpClient.Redirect.NEVER)
                .build()) {
            log.awaitCaughtUp();
            long last = log.resume(delivered.last(settings.address()));
            while (!isClosing()) {
                List<ReleaseEvent> events = log.await(last, POLL);
                pending = events.size();
                for (ReleaseEvent event : events) {
                    deliver(client, event);
                    delivered.took(settings.address(), event.id());
                    last = event.id().offset();
                    pending--;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // closed
        } catch (RuntimeException e) {
            if (isClosing()) {
                return; // broken off in the middle: the event is sent again next time
            }
            LOG.atError().addKeyValue("webhook", settings.name()).setCause(e).log("no more events are sent");
        }
    }

    private void deliver(HttpClient client, ReleaseEvent event) throws InterruptedException {
        Duration pause = settings.firstPause();
        for (int attempt = 1; !sent(client, event, attempt); attempt++) {
            if (closing.await(pause.toNanos(), TimeUnit.NANOSECONDS)) {
                throw new InterruptedException("closed");
            }
            Duration doubled = pause.multipliedBy(2);
            pause = doubled.compareTo(settings.longestPause()) < 0 ? doubled : settings.longestPause();
        }
    }

    private boolean sent(HttpClient client, ReleaseEvent event, int attempt) throws InterruptedException {
        String problem;
        try {
            HttpResponse<Void> response = client.send(request(event), HttpResponse.BodyHandlers.discarding());
            if (response.statusCode() / 100 == 2) {
                taken.increment();
                return true;
            }
            problem = "HTTP status " + response.statusCode();
        } catch (IOException e) {
            problem = e.toString();
        }
        failed.increment();
        LOG.atWarn()
                .addKeyValue("webhook", settings.name())
                .addKeyValue("event", event.id())
                .log("attempt {} failed: {}", attempt, problem);
        return false;
    }

    private HttpRequest request(ReleaseEvent event) {
        byte[] body = event.json().getBytes(StandardCharsets.UTF_8);
        String id = event.id().toString();
        long now = Instant.now().getEpochSecond();
        return HttpRequest.newBuilder(settings.address())
                .timeout(settings.timeout())
                .header("Content-Type", "application/json")
                .header("User-Agent", "sparsecast")
                .header("webhook-id", id)
                .header("webhook-timestamp", Long.toString(now))
                .header("webhook-signature", settings.secret().sign(id, now, body))
                .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                .build();
    }

    private boolean isClosing() {
        return closing.getCount() == 0 || log.isClosed();
    }

    /** Stops sending, and waits for that. */
    @Override
    public void close() {
        closing.countDown();
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
