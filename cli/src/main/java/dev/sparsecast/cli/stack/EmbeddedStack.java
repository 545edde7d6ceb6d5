package dev.sparsecast.cli.stack;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Broker and schema registry, started side by side. Closing stops both and deletes a temporary directory; a stack that
 * nobody closes is closed when the JVM ends, and if that is killed, the registry's process ends too.
 */
public final class EmbeddedStack implements AutoCloseable {
    private final DataDirectory data;
    private final EmbeddedBroker broker;
    private final EmbeddedRegistry registry;
    private final AtomicBoolean closed = new AtomicBoolean();
    private final Thread closeAtExit = new Thread(this::closeParts, "close-embedded-stack");

    private EmbeddedStack(DataDirectory data, EmbeddedBroker broker, EmbeddedRegistry registry) {
        this.data = data;
        this.broker = broker;
        this.registry = registry;
        Runtime.getRuntime().addShutdownHook(closeAtExit);
    }

    /** Starts both and returns once both answer. */
    public static EmbeddedStack start(StackOptions options) {
        // What can be wrong with the options shows before anything is started.
        EmbeddedRegistry.requireFree(options.registryPort());
        BoundSockets sockets = BoundSockets.reserve(options.port());
        DataDirectory data;
        try {
            data = options.data() == null ? DataDirectory.temporary() : DataDirectory.at(options.data());
        } catch (StackException e) {
            EmbeddedBroker.closeQuietly(sockets);
            throw e;
        }
        return start(options, sockets, data);
    }

    private static EmbeddedStack start(StackOptions options, BoundSockets sockets, DataDirectory data) {
        CompletableFuture<EmbeddedRegistry> starting = CompletableFuture.supplyAsync(
                () -> EmbeddedRegistry.start(Installation.current(), data, options.registryPort()),
                task -> Thread.ofVirtual().name("start-registry").start(task));
        @Nullable EmbeddedBroker broker = null;
        try {
            broker = EmbeddedBroker.start(data.broker(), sockets);
            return new EmbeddedStack(data, broker, starting.join());
        } catch (RuntimeException e) {
            abandon(data, broker, starting);
            throw e instanceof CompletionException && e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }

    private static void abandon(
            DataDirectory data, @Nullable EmbeddedBroker broker, CompletableFuture<EmbeddedRegistry> starting) {
        starting.handle((registry, failure) -> {
                    if (registry != null) {
                        registry.close();
                    }
                    return true;
                })
                .join();
        if (broker != null) {
            broker.close();
        }
        data.close();
    }

    /** Where Kafka clients connect: {@code host:port}. */
    public String bootstrapServers() {
        return broker.bootstrapServers();
    }

    /** The address of the registry's Confluent API. */
    public String schemaRegistryUrl() {
        return registry.url();
    }

    /** Completes when the registry's process has ended, for whatever reason. */
    public CompletableFuture<Void> registryEnded() {
        return registry.ended();
    }

    public String clusterId() {
        return broker.clusterId();
    }

    public DataDirectory data() {
        return data;
    }

    @Override
    public void close() {
        closeParts();
        try {
            Runtime.getRuntime().removeShutdownHook(closeAtExit);
        } catch (IllegalStateException e) {
            // The JVM is shutting down already, and the hook finds everything closed.
        }
    }

    private void closeParts() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        try {
            broker.close();
        } finally {
            try {
                registry.close();
            } finally {
                data.close();
            }
        }
    }
}
