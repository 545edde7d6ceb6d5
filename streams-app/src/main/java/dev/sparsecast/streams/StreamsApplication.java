package dev.sparsecast.streams;

import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.serde.SparsecastSerdes;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;

/** One instance of the streams app: runs the topology until it is closed, or until {@link #termination} says that it failed. */
public final class StreamsApplication implements AutoCloseable {
    private final KafkaStreams streams;
    private final CompletableFuture<Void> termination = new CompletableFuture<>();

    private StreamsApplication(KafkaStreams streams) {
        this.streams = streams;
    }

    /** Starts an instance; what goes wrong later is told by {@link #termination}. */
    public static StreamsApplication start(
            StreamsSettings settings, InstanceSettings instance, ClusterSettings cluster) {
        Properties properties = new Properties();
        properties.putAll(instance.kafkaStreams(cluster));
        KafkaStreams streams =
                new KafkaStreams(SparsecastTopology.build(settings, new SparsecastSerdes(cluster)), properties);
        StreamsApplication application = new StreamsApplication(streams);
        streams.setUncaughtExceptionHandler(e -> {
            application.termination.completeExceptionally(e);
            return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
        streams.start();
        return application;
    }

    /** Completes when the instance has ended, exceptionally if it failed. */
    public CompletableFuture<Void> termination() {
        return termination;
    }

    @Override
    public void close() {
        streams.close(Duration.ofSeconds(10));
        termination.complete(null);
    }
}
