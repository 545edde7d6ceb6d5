package dev.sparsecast.deployer;

import dev.sparsecast.schemas.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The topic of releases, always read from its beginning, since it is compacted and tells what there is; what a deployer
 * has acknowledged before is known by the position that it has committed.
 */
final class ReleaseTopic {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Consumer<byte @Nullable [], byte @Nullable []> consumer;
    private final Map<TopicPartition, Long> acknowledged = new HashMap<>();
    private final Map<TopicPartition, Long> read = new HashMap<>();

    ReleaseTopic(Consumer<byte @Nullable [], byte @Nullable []> consumer) {
        this.consumer = consumer;
    }

    /**
     * Goes to the beginning and reads all that there is by now.
     *
     * @throws DeployerException if the broker does not answer or there is no such topic
     */
    List<ConsumerRecord<byte @Nullable [], byte @Nullable []>> open() {
        try {
            List<TopicPartition> partitions = partitions();
            consumer.assign(partitions);
            consumer.committed(new java.util.HashSet<>(partitions), PATIENCE).forEach(this::acknowledged);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions, PATIENCE);
            List<ConsumerRecord<byte @Nullable [], byte @Nullable []>> messages = new ArrayList<>();
            while (partitions.stream()
                    .anyMatch(partition -> consumer.position(partition) < ends.getOrDefault(partition, 0L))) {
                messages.addAll(poll(Duration.ofMillis(200)));
            }
            return messages;
        } catch (TimeoutException e) {
            throw new DeployerException(
                    "the broker does not answer (" + e.getMessage() + "): check --bootstrap-servers", e);
        }
    }

    private List<TopicPartition> partitions() {
        List<PartitionInfo> found = consumer.partitionsFor(Topics.SUBMODEL_RELEASES, PATIENCE);
        if (found == null || found.isEmpty()) {
            throw new DeployerException("there is no topic " + Topics.SUBMODEL_RELEASES
                    + ": make the topics with 'sparsecast topics' first");
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
            read.put(new TopicPartition(message.topic(), message.partition()), message.offset() + 1);
        }
        return messages;
    }

    /** Whether an earlier run has dealt with a record. */
    boolean isKnown(ConsumerRecord<byte @Nullable [], byte @Nullable []> message) {
        TopicPartition partition = new TopicPartition(message.topic(), message.partition());
        return message.offset() < acknowledged.getOrDefault(partition, 0L);
    }

    /** Everything that was read is dealt with and acknowledged. */
    void commit() {
        Map<TopicPartition, OffsetAndMetadata> positions = new HashMap<>();
        read.forEach((partition, position) -> {
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
