package dev.sparsecast.cli.releases;

import dev.sparsecast.schemas.SubModelDecision;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.Topics;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.serde.SparsecastSerdes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;

/** The topics of releases and decisions, read from their beginning to where they end now. */
public final class ReleaseTopics {
    private static final Duration POLL = Duration.ofMillis(100);

    private final ClusterSettings cluster;
    private final SparsecastSerdes serdes;

    public ReleaseTopics(ClusterSettings cluster) {
        this.cluster = cluster;
        this.serdes = new SparsecastSerdes(cluster);
    }

    /**
     * The newest release of every sub-model, by model and name.
     *
     * @throws ReleasesException if the topic cannot be read
     */
    public List<SubModelRelease> newest() {
        Map<String, SubModelRelease> newest = new HashMap<>();
        try (Deserializer<SubModelRelease> deserializer = serdes.releases().deserializer()) {
            read(
                    Topics.SUBMODEL_RELEASES,
                    deserializer,
                    release -> newest.merge(
                            release.key().toString(),
                            release,
                            (known, added) -> added.version() > known.version() ? added : known));
        }
        return newest.values().stream()
                .sorted(Comparator.comparing(release -> release.key().toString()))
                .toList();
    }

    /**
     * The newest release of a sub-model.
     *
     * @param revision of the base model; empty if only one model has such a sub-model
     * @throws ReleasesException if there is none, or more than one model has one
     */
    public SubModelRelease newest(String submodel, Optional<String> revision) {
        List<SubModelRelease> found = newest().stream()
                .filter(release -> release.submodel().equals(submodel)
                        && revision.map(release.model()::equals).orElse(true))
                .toList();
        if (found.isEmpty()) {
            throw new ReleasesException("there is no release of a sub-model '" + submodel + "'"
                    + revision.map(model -> " of " + model).orElse(""));
        }
        if (found.size() > 1) {
            throw new ReleasesException("several base models have a sub-model '" + submodel
                    + "'; say which with --revision: "
                    + String.join(
                            ", ", found.stream().map(SubModelRelease::model).toList()));
        }
        return found.getFirst();
    }

    /** All decisions that the topic still has, as they were made. */
    public List<SubModelDecision> decisions() {
        List<SubModelDecision> decisions = new ArrayList<>();
        try (Deserializer<SubModelDecision> deserializer = serdes.decisions().deserializer()) {
            read(Topics.SUBMODEL_DECISIONS, deserializer, decisions::add);
        }
        return decisions;
    }

    /**
     * Waits for the answer to a command.
     *
     * @return empty if none came in that time
     */
    public Optional<SubModelDecision> answer(String command, Duration patience) {
        long start = System.nanoTime();
        try (Deserializer<SubModelDecision> deserializer = serdes.decisions().deserializer();
                KafkaConsumer<byte[], byte[]> consumer = consumer()) {
            List<TopicPartition> partitions = partitions(consumer, Topics.SUBMODEL_DECISIONS);
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            while (System.nanoTime() - start < patience.toNanos()) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                    Optional<SubModelDecision> decision = value(record, deserializer)
                            .filter(known -> known.command().equals(command));
                    if (decision.isPresent()) {
                        return decision;
                    }
                }
            }
            return Optional.empty();
        } catch (KafkaException e) {
            throw new ReleasesException(
                    "the topic " + Topics.SUBMODEL_DECISIONS + " cannot be read: " + e.getMessage(), e);
        }
    }

    private <T> void read(String topic, Deserializer<T> deserializer, Consumer<T> each) {
        try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
            List<TopicPartition> partitions = partitions(consumer, topic);
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = new HashMap<>(consumer.endOffsets(partitions));
            while (!ends.isEmpty()) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                    value(record, deserializer).ifPresent(each);
                }
                ends.entrySet().removeIf(end -> consumer.position(end.getKey()) >= end.getValue());
            }
        } catch (KafkaException e) {
            throw new ReleasesException("the topic " + topic + " cannot be read: " + e.getMessage(), e);
        }
    }

    /** Records that cannot be read are the pruner's and the deployers' to report. */
    private static <T> Optional<T> value(ConsumerRecord<byte[], byte[]> record, Deserializer<T> deserializer) {
        byte @Nullable [] value = record.value();
        if (value == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(deserializer.deserialize(record.topic(), value));
        } catch (KafkaException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static List<TopicPartition> partitions(KafkaConsumer<byte[], byte[]> consumer, String topic) {
        List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
                .map(info -> new TopicPartition(topic, info.partition()))
                .toList();
        if (partitions.isEmpty()) {
            throw new ReleasesException("the topic " + topic + " is missing; create it with 'sparsecast topics'");
        }
        return partitions;
    }

    private KafkaConsumer<byte[], byte[]> consumer() {
        return new KafkaConsumer<>(
                cluster.client(Map.of(
                        ConsumerConfig.CLIENT_ID_CONFIG, "sparsecast-releases",
                        ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed",
                        ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false",
                        ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, "false")),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
    }
}
