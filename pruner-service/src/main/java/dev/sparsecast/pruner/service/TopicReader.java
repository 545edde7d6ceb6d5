package dev.sparsecast.pruner.service;

import dev.sparsecast.schemas.Topics;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * Reads every topic that the pruner needs from its beginning, and follows it. Nothing is committed: what the pruner knows
 * is what stands in the topics. Topics of new languages are found while it runs.
 */
final class TopicReader implements AutoCloseable {
    private static final Duration LOOK_AGAIN = Duration.ofSeconds(5);

    private final KafkaConsumer<String, byte[]> consumer;
    private final Set<TopicPartition> assigned = new HashSet<>();
    private final Set<TopicPartition> behind = new HashSet<>();
    private long lookedAt;

    TopicReader(ClusterSettings cluster) {
        this.consumer = new KafkaConsumer<>(
                cluster.client(Map.of(
                        "client.id",
                        "sparsecast-pruner",
                        "isolation.level",
                        "read_committed",
                        "enable.auto.commit",
                        false,
                        "allow.auto.create.topics",
                        false)),
                new StringDeserializer(),
                new ByteArrayDeserializer());
        findPartitions();
        Set<String> topics = new HashSet<>();
        assigned.forEach(partition -> topics.add(partition.topic()));
        for (String needed : List.of(Topics.ACTIVATION_STATISTICS, Topics.ACTIVATION_DRIFT, Topics.SUBMODEL_RELEASES)) {
            if (!topics.contains(needed)) {
                consumer.close();
                throw new PrunerException("the topic " + needed + " is missing; create it with 'sparsecast topics'");
            }
        }
    }

    /** The next records, in no particular order across partitions. */
    Iterable<ConsumerRecord<String, byte[]>> poll(Duration timeout) {
        if (System.nanoTime() - lookedAt > LOOK_AGAIN.toNanos()) {
            findPartitions();
        }
        var records = consumer.poll(timeout);
        behind.removeIf(this::isAtEnd);
        return records;
    }

    /** Whether everything that was in the topics at the start has been read. */
    boolean isCaughtUp() {
        return behind.isEmpty();
    }

    private boolean isAtEnd(TopicPartition partition) {
        Long end = consumer.endOffsets(List.of(partition)).get(partition);
        return end == null || consumer.position(partition) >= end;
    }

    private void findPartitions() {
        List<TopicPartition> fresh = new ArrayList<>();
        consumer.listTopics().forEach((topic, partitions) -> {
            if (isNeeded(topic)) {
                partitions.forEach(info -> {
                    TopicPartition partition = new TopicPartition(topic, info.partition());
                    if (assigned.add(partition)) {
                        fresh.add(partition);
                    }
                });
            }
        });
        if (!fresh.isEmpty()) {
            consumer.assign(assigned);
            consumer.seekToBeginning(fresh);
            behind.addAll(fresh);
        }
        lookedAt = System.nanoTime();
    }

    private static boolean isNeeded(String topic) {
        return topic.equals(Topics.ACTIVATION_STATISTICS)
                || topic.equals(Topics.ACTIVATION_DRIFT)
                || topic.equals(Topics.SUBMODEL_RELEASES)
                || topic.startsWith(Topics.PROMPTS_PREFIX);
    }

    @Override
    public void close() {
        consumer.close();
    }
}
