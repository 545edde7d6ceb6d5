package dev.sparsecast.pruner.service;

import dev.sparsecast.schemas.Topics;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads every topic that the pruner needs from its beginning, and follows it. Nothing is committed: what the pruner knows
 * is what stands in the topics. New partitions, and topics of languages that nobody has written yet, are found later.
 */
final class TopicReader implements RecordSource {
    private static final Logger log = LoggerFactory.getLogger(TopicReader.class);
    private static final Duration LOOK_AGAIN = Duration.ofSeconds(5);
    private static final List<String> NEEDED = List.of(
            Topics.ACTIVATION_STATISTICS,
            Topics.ACTIVATION_DRIFT,
            Topics.SUBMODEL_RELEASES,
            Topics.SUBMODEL_COMMANDS,
            Topics.SUBMODEL_DECISIONS);

    private final Consumer<byte[], byte[]> consumer;
    private final Set<String> wanted = new HashSet<>(NEEDED);
    private final Set<TopicPartition> assigned = new HashSet<>();
    /** Partitions that were not read yet to where they ended at the start, and where that is. */
    private final Map<TopicPartition, Long> behind = new HashMap<>();

    private Set<String> topics = Set.of();
    private long lookedAt;

    /**
     * Finds the topics and where they end now.
     *
     * @param languages whose prompts to read; their topics may be missing
     * @throws PrunerException if another topic is missing, or the broker does not answer
     */
    TopicReader(Consumer<byte[], byte[]> consumer, Collection<String> languages) {
        this.consumer = consumer;
        want(languages);
        findPartitions();
        for (String topic : NEEDED) {
            if (!topics.contains(topic)) {
                throw new PrunerException("the topic " + topic + " is missing; create it with 'sparsecast topics'");
            }
        }
        wanted.stream()
                .filter(topic -> !topics.contains(topic))
                .forEach(topic -> log.atWarn()
                        .addKeyValue("topic", topic)
                        .log("The topic is missing: no prompts are held out from it until it is there"));
        behind.putAll(consumer.endOffsets(assigned));
    }

    /** A reader of a cluster. */
    static TopicReader open(ClusterSettings cluster, Collection<String> languages) {
        Map<String, Object> settings = cluster.client(Map.of(
                ConsumerConfig.CLIENT_ID_CONFIG, "sparsecast-pruner",
                ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed",
                ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false",
                ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest",
                ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, "false"));
        if (!"read_committed".equals(settings.get(ConsumerConfig.ISOLATION_LEVEL_CONFIG))) {
            throw new PrunerException(
                    "the Kafka setting isolation.level must be read_committed, or releases would be made from statistics"
                            + " that were never published; remove it from the configuration");
        }
        Consumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        try {
            return new TopicReader(consumer, languages);
        } catch (RetriableException e) {
            consumer.close();
            throw PrunerException.noBroker(cluster, e);
        } catch (RuntimeException e) {
            consumer.close();
            throw e;
        }
    }

    @Override
    public Iterable<ConsumerRecord<byte[], byte[]>> poll(Duration timeout) {
        if (System.nanoTime() - lookedAt > LOOK_AGAIN.toNanos()) {
            try {
                findPartitions();
            } catch (RetriableException e) {
                lookedAt = System.nanoTime();
                log.atWarn().addKeyValue("reason", e.getMessage()).log("Cannot look for new partitions now");
            }
        }
        var records = consumer.poll(timeout);
        // Positions move past the marks of transactions too, of which no record is seen.
        behind.entrySet().removeIf(entry -> consumer.position(entry.getKey()) >= entry.getValue());
        return records;
    }

    @Override
    public boolean isCaughtUp() {
        return behind.isEmpty();
    }

    @Override
    public void follow(Collection<String> languages) {
        if (want(languages)) {
            lookedAt = System.nanoTime() - LOOK_AGAIN.toNanos() - 1;
        }
    }

    private boolean want(Collection<String> languages) {
        return wanted.addAll(languages.stream().map(Topics::prompts).toList());
    }

    @Override
    public boolean hasTopic(String topic) {
        return topics.contains(topic);
    }

    private void findPartitions() {
        List<TopicPartition> fresh = new ArrayList<>();
        var found = consumer.listTopics();
        found.forEach((topic, partitions) -> {
            if (wanted.contains(topic)) {
                partitions.forEach(info -> {
                    TopicPartition partition = new TopicPartition(topic, info.partition());
                    if (assigned.add(partition)) {
                        fresh.add(partition);
                    }
                });
            }
        });
        topics = Set.copyOf(found.keySet());
        if (!fresh.isEmpty()) {
            consumer.assign(assigned);
            consumer.seekToBeginning(fresh);
        }
        lookedAt = System.nanoTime();
    }

    @Override
    public void close() {
        consumer.close();
    }
}
