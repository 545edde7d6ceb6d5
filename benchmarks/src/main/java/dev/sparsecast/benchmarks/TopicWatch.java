package dev.sparsecast.benchmarks;

import dev.sparsecast.schemas.ActivationNorms;
import dev.sparsecast.schemas.ActivationStatistics;
import dev.sparsecast.schemas.FlushDigest;
import dev.sparsecast.schemas.SubModelDeployment;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.Topics;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.serde.SparsecastSerdes;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.StringDeserializer;

/** Notes when committed records of the pipeline's topics become visible to a consumer of its own. */
final class TopicWatch implements AutoCloseable {
    private static final List<String> WATCHED = List.of(
            Topics.ACTIVATION_NORMS,
            Topics.ACTIVATION_STATISTICS,
            Topics.SUBMODEL_RELEASES,
            Topics.SUBMODEL_DEPLOYMENTS);

    private final ClusterSettings cluster;
    private final Thread thread;
    private final Map<Instant, Instant> flushes = new HashMap<>();
    private final Map<FlushDigest, Statistics> statistics = new HashMap<>();
    private final Map<String, Seen<SubModelRelease>> releases = new HashMap<>();
    private final Map<String, Seen<SubModelDeployment>> deployments = new HashMap<>();
    private volatile boolean stopping;

    /** A record and when it was seen. */
    record Seen<T>(T value, Instant at) {}

    /**
     * The statistics of some set of flushes.
     *
     * @param newestFlush instant of the newest of them
     * @param at when the last layer was seen
     */
    record Statistics(Instant newestFlush, Instant at) {}

    TopicWatch(ClusterSettings cluster) {
        this.cluster = cluster;
        this.thread = Thread.ofPlatform().name("watch").start(this::run);
    }

    private void run() {
        SparsecastSerdes serdes = new SparsecastSerdes(cluster);
        try (Serde<ActivationNorms> norms = serdes.activationNorms();
                Serde<ActivationStatistics> published = serdes.activationStatistics();
                Serde<SubModelRelease> released = serdes.releases();
                Serde<SubModelDeployment> deployed = serdes.deployments();
                KafkaConsumer<String, byte[]> consumer = new KafkaConsumer<>(
                        cluster.client(Map.of("enable.auto.commit", false, "isolation.level", "read_committed")),
                        new StringDeserializer(),
                        new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = WATCHED.stream()
                    .flatMap(topic -> consumer.partitionsFor(topic).stream())
                    .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            while (!stopping) {
                for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofMillis(100))) {
                    Instant now = Instant.now();
                    switch (record.topic()) {
                        case Topics.ACTIVATION_NORMS -> flushed(read(norms, record), now);
                        case Topics.ACTIVATION_STATISTICS -> published(read(published, record), now);
                        case Topics.SUBMODEL_RELEASES -> released(read(released, record), now);
                        default -> deployed(read(deployed, record), now);
                    }
                }
            }
        }
    }

    private static <T> T read(Serde<T> serde, ConsumerRecord<String, byte[]> record) {
        return serde.deserializer().deserialize(record.topic(), record.value());
    }

    private synchronized void flushed(ActivationNorms norms, Instant at) {
        flushes.put(norms.flushedAt(), at);
    }

    private synchronized void published(ActivationStatistics layer, Instant at) {
        statistics.put(layer.flushDigest(), new Statistics(layer.lastFlushAt(), at));
    }

    private synchronized void released(SubModelRelease release, Instant at) {
        releases.putIfAbsent(name(release.submodel(), release.version()), new Seen<>(release, at));
    }

    private synchronized void deployed(SubModelDeployment deployment, Instant at) {
        deployments.putIfAbsent(name(deployment.submodel(), deployment.version()), new Seen<>(deployment, at));
    }

    private static String name(String submodel, int version) {
        return submodel + "/" + version;
    }

    synchronized Optional<Seen<SubModelRelease>> release(String submodel, int version) {
        return Optional.ofNullable(releases.get(name(submodel, version)));
    }

    synchronized Optional<Seen<SubModelDeployment>> deployment(String submodel, int version) {
        return Optional.ofNullable(deployments.get(name(submodel, version)));
    }

    /** The statistics that contain exactly these flushes. */
    synchronized Statistics statistics(FlushDigest digest) {
        return Objects.requireNonNull(statistics.get(digest), "statistics of a release");
    }

    /** When the last layer of a flush was seen. */
    synchronized Instant flush(Instant flushedAt) {
        return Objects.requireNonNull(flushes.get(flushedAt), "a flush that is in statistics");
    }

    @Override
    public void close() {
        stopping = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
