package dev.sparsecast.deployer;

import dev.sparsecast.schemas.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The topics of releases and of acknowledgements, always read from their beginning, since they are compacted and tell what
 * there is; which releases a deployer has acknowledged before is known by the position that it has committed.
 */
final class DeployerTopics {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Consumer<byte @Nullable [], byte @Nullable []> consumer;
    private final Map<TopicPartition, Long> acknowledged = new HashMap<>();
    private final Map<TopicPartition, Long> read = new HashMap<>();

    DeployerTopics(Consumer<byte @Nullable [], byte @Nullable []> consumer) {
        this.consumer = consumer;
    }

    /**
     * Goes to the beginning and reads all that there is by now.
     *
     * @throws DeployerException if the broker does not answer or a topic is not there
     */
    List<ConsumerRecord<byte @Nullable [], byte @Nullable []>> open() {
        try {
            List<TopicPartition> releases = partitions(Topics.SUBMODEL_RELEASES);
            List<TopicPartition> partitions = new ArrayList<>(releases);
            partitions.addAll(partitions(Topics.SUBMODEL_DEPLOYMENTS));
            consumer.assign(partitions);
            consumer.committed(new HashSet<>(releases), PATIENCE).forEach(this::acknowledged);
            return readAll();
        } catch (TimeoutException e) {
            throw new DeployerException(
                    "the broker does not answer (" + e.getMessage() + "): check --bootstrap-servers", e);
        }
    }

    /** Goes back to the beginning and reads all that there is by now, which is known in part. */
    List<ConsumerRecord<byte @Nullable [], byte @Nullable []>> readAll() {
        Set<TopicPartition> partitions = consumer.assignment();
        consumer.seekToBeginning(partitions);
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions, PATIENCE);
        List<ConsumerRecord<byte @Nullable [], byte @Nullable []>> messages = new ArrayList<>();
        while (partitions.stream()
                .anyMatch(partition -> consumer.position(partition) < ends.getOrDefault(partition, 0L))) {
            messages.addAll(poll(Duration.ofMillis(200)));
        }
        return messages;
    }

    private List<TopicPartition> partitions(String topic) {
        List<PartitionInfo> found = consumer.partitionsFor(topic, PATIENCE);
        if (found == null || found.isEmpty()) {
            throw new DeployerException(
                    "there is no topic " + topic + ": make the topics with 'sparsecast topics' first");
        }
        return found.stream()
                .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
                .toList();
    }

    private void acknowledged(TopicPartition partition, @Nullable OffsetAndMetadata committed) {
        if (committed != null) {
            acknowledged.put(partition, committed.offset());
        }
    }

    /** What is new, after waiting for at most {@code patience}. */
    List<ConsumerRecord<byte @Nullable [], byte @Nullable []>> poll(Duration patience) {
        List<ConsumerRecord<byte @Nullable [], byte @Nullable []>> messages = new ArrayList<>();
        consumer.poll(patience).forEach(messages::add);
        for (ConsumerRecord<byte @Nullable [], byte @Nullable []> message : messages) {
            if (message.topic().equals(Topics.SUBMODEL_RELEASES)) {
                read.put(new TopicPartition(message.topic(), message.partition()), message.offset() + 1);
            }
        }
        return messages;
    }

    /** Whether an earlier run has dealt with a record. */
    boolean isKnown(ConsumerRecord<byte @Nullable [], byte @Nullable []> message) {
        TopicPartition partition = new TopicPartition(message.topic(), message.partition());
        return message.offset() < acknowledged.getOrDefault(partition, 0L);
    }

    /**
     * Every release that was read is dealt with and acknowledged, but for some.
     *
     * @param waiting offsets of those that are not, by partition
     */
    void commit(Map<TopicPartition, Long> waiting) {
        Map<TopicPartition, OffsetAndMetadata> positions = new HashMap<>();
        read.forEach((partition, end) -> {
            long position = Math.min(end, waiting.getOrDefault(partition, Long.MAX_VALUE));
            if (position > acknowledged.getOrDefault(partition, 0L)) {
                positions.put(partition, new OffsetAndMetadata(position));
            }
        });
        if (!positions.isEmpty()) {
            consumer.commitSync(positions);
            positions.forEach((partition, position) -> acknowledged.put(partition, position.offset()));
        }
    }
}
