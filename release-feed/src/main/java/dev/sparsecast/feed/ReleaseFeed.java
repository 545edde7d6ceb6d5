package dev.sparsecast.feed;

import com.sun.net.httpserver.HttpHandler;
import dev.sparsecast.feed.event.EventLog;
import dev.sparsecast.feed.event.TopicFollower;
import dev.sparsecast.feed.http.FeedHandler;
import dev.sparsecast.feed.webhook.Delivered;
import dev.sparsecast.feed.webhook.Webhook;
import dev.sparsecast.feed.webhook.WebhookSettings;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.store.ArtifactStore;
import dev.sparsecast.store.ArtifactStores;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Makes the topic of releases known to those who do not speak Kafka: {@link #handler} answers over HTTP, and webhooks are
 * told. It only reads the topic, so any number of feeds may run; each tells its own webhooks.
 */
public final class ReleaseFeed implements AutoCloseable {
    private final EventLog log = new EventLog();
    private final TopicFollower follower;
    private final Optional<ArtifactStore> store;
    private final Optional<Delivered> delivered;
    private final List<Webhook> webhooks = new ArrayList<>();
    private final FeedHandler handler;
    private final CompletableFuture<Void> termination = new CompletableFuture<>();
    private final Thread thread;

    private ReleaseFeed(
            FeedSettings settings,
            ClusterSettings cluster,
            Optional<ArtifactStore> store,
            Optional<Delivered> delivered,
            MeterRegistry registry) {
        this.store = store;
        this.delivered = delivered;
        this.follower = new TopicFollower(cluster, log);
        this.handler = new FeedHandler(log, store, registry);
        for (WebhookSettings webhook : settings.webhooks()) {
            delivered.ifPresent(state -> webhooks.add(new Webhook(webhook, log, state, registry)));
        }
        this.thread = Thread.ofPlatform().name("release-feed").unstarted(this::follow);
    }

    /**
     * Opens store and state, and begins to read. A cluster that does not answer is waited for.
     *
     * @throws RuntimeException with one sentence on what cannot be used: {@link FeedException} or
     *     {@link dev.sparsecast.store.StoreException}
     */
    public static ReleaseFeed start(FeedSettings settings, ClusterSettings cluster, MeterRegistry registry) {
        Optional<ArtifactStore> store = settings.store().map(ArtifactStores::open);
        Optional<Delivered> delivered = settings.state().map(Delivered::open);
        try {
            ReleaseFeed feed = new ReleaseFeed(settings, cluster, store, delivered, registry);
            feed.thread.start();
            feed.webhooks.forEach(Webhook::start);
            return feed;
        } catch (RuntimeException e) {
            delivered.ifPresent(Delivered::close);
            store.ifPresent(ArtifactStore::close);
            throw e;
        }
    }

    private void follow() {
        try {
            follower.run();
        } catch (RuntimeException | Error e) {
            termination.completeExceptionally(e);
            return;
        }
        termination.complete(null);
    }

    /** Answers requests to {@value FeedHandler#PREFIX} and below. */
    public HttpHandler handler() {
        return handler;
    }

    /** Whether it knows all releases that were there when it started. */
    public boolean isReady() {
        return log.isCaughtUp() && !termination.isDone();
    }

    /** Completes when it was closed and has stopped, or with what it failed of. */
    public CompletableFuture<Void> termination() {
        return termination.copy();
    }

    /** Stops everything and waits for that; a webhook's delivery that is under way is broken off and repeated next time. */
    @Override
    public void close() {
        log.close();
        follower.stop();
        webhooks.forEach(Webhook::close);
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        follower.close();
        delivered.ifPresent(Delivered::close);
        store.ifPresent(ArtifactStore::close);
    }
}
