package dev.sparsecast.deployer;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import java.util.SortedMap;
import java.util.concurrent.CompletableFuture;

/** A subscriber on a thread of its own. */
public final class DeployerService implements AutoCloseable {
    private final SubModelSubscriber subscriber;
    private final CompletableFuture<Void> termination = new CompletableFuture<>();
    private final Thread thread;

    private DeployerService(SubModelSubscriber subscriber, String deployer) {
        this.subscriber = subscriber;
        this.thread = Thread.ofPlatform().name("deployer-" + deployer).unstarted(this::follow);
    }

    /**
     * Opens everything and begins to follow the releases, without metrics.
     *
     * @throws RuntimeException with one sentence on what cannot be used; see {@link SubModelSubscriber#open}
     */
    public static DeployerService start(DeployerSettings settings, SubModelListener listener) {
        return start(settings, listener, new CompositeMeterRegistry());
    }

    /**
     * Opens everything and begins to follow the releases.
     *
     * @throws RuntimeException with one sentence on what cannot be used; see {@link SubModelSubscriber#open}
     */
    public static DeployerService start(DeployerSettings settings, SubModelListener listener, MeterRegistry registry) {
        DeployerService service =
                new DeployerService(SubModelSubscriber.open(settings, listener, registry), settings.deployer());
        service.thread.start();
        return service;
    }

    private void follow() {
        try (subscriber) {
            subscriber.run();
        } catch (RuntimeException | Error e) {
            termination.completeExceptionally(e);
            return;
        }
        termination.complete(null);
    }

    /** The versions in use, by sub-model. */
    public SortedMap<String, Integer> current() {
        return subscriber.current();
    }

    /** Completes when it was closed and has stopped, or with what it failed of. */
    public CompletableFuture<Void> termination() {
        return termination.copy();
    }

    /** Stops once the release at hand is finished, and waits for that. */
    @Override
    public void close() {
        subscriber.stop();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
