package dev.sparsecast.deployer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.schemas.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DeployerTopicsTest {
    private static final TopicPartition PARTITION = new TopicPartition(Topics.SUBMODEL_RELEASES, 0);

    private static final TopicPartition WORDS = new TopicPartition(Topics.SUBMODEL_DEPLOYMENTS, 0);

    /** Unlike its parent it does not forget what was committed before. */
    private static final class ConsumerWithPast extends MockConsumer<byte[], byte[]> {
        private Map<TopicPartition, OffsetAndMetadata> past = Map.of();

        ConsumerWithPast() {
            super("earliest");
        }

        @Override
        public synchronized void assign(Collection<TopicPartition> partitions) {
            super.assign(partitions);
            super.commitSync(past);
        }
    }

    private final ConsumerWithPast consumer = new ConsumerWithPast();
    private final DeployerTopics topic = new DeployerTopics(consumer);

    @BeforeEach
    void fillTopic() {
        Node node = new Node(0, "host", 1);
        consumer.updatePartitions(
                Topics.SUBMODEL_RELEASES,
                List.of(new PartitionInfo(PARTITION.topic(), 0, node, new Node[] {node}, new Node[] {node})));
        consumer.updatePartitions(
                Topics.SUBMODEL_DEPLOYMENTS,
                List.of(new PartitionInfo(WORDS.topic(), 0, node, new Node[] {node}, new Node[] {node})));
        consumer.updateBeginningOffsets(Map.of(PARTITION, 3L, WORDS, 0L));
        consumer.updateEndOffsets(Map.of(PARTITION, 6L, WORDS, 0L));
        consumer.schedulePollTask(() -> add(3));
        consumer.schedulePollTask(() -> {
            add(4);
            add(5);
        });
    }

    private void add(long offset) {
        byte[] bytes = Long.toString(offset).getBytes(StandardCharsets.UTF_8);
        consumer.addRecord(new ConsumerRecord<>(PARTITION.topic(), 0, offset, bytes, bytes));
    }

    @Test
    void readsAllThatThereIsBeforeAnythingElse() {
        assertThat(topic.open()).extracting(ConsumerRecord::offset).containsExactly(3L, 4L, 5L);
    }

    @Test
    void knowsWhatAnEarlierRunCommitted() {
        consumer.past = Map.of(PARTITION, new OffsetAndMetadata(5));

        assertThat(topic.open()).extracting(topic::isKnown).containsExactly(true, true, false);
    }

    @Test
    void knowsNothingTheFirstTime() {
        assertThat(topic.open()).extracting(topic::isKnown).containsExactly(false, false, false);
    }

    @Test
    void commitsWhatWasRead() {
        topic.open();
        topic.commit(Map.of());
        assertThat(consumer.committed(Set.of(PARTITION)).get(PARTITION).offset())
                .isEqualTo(6);

        consumer.schedulePollTask(() -> add(6));
        assertThat(topic.poll(Duration.ofMillis(1))).hasSize(1);
        topic.commit(Map.of());
        assertThat(consumer.committed(Set.of(PARTITION)).get(PARTITION).offset())
                .isEqualTo(7);
    }

    @Test
    void commitsNothingThatStillWaits() {
        topic.open();
        topic.commit(Map.of(PARTITION, 4L));
        assertThat(consumer.committed(Set.of(PARTITION)).get(PARTITION).offset())
                .isEqualTo(4);
    }

    @Test
    void commitsNothingBehindWhatWasCommittedBefore() {
        consumer.past = Map.of(PARTITION, new OffsetAndMetadata(6));
        topic.open();
        topic.commit(Map.of());
        assertThat(consumer.committed(Set.of(PARTITION)).get(PARTITION).offset())
                .isEqualTo(6);
    }

    @Test
    void saysSoWhenThereIsNoTopic() {
        DeployerTopics absent = new DeployerTopics(new MockConsumer<>("earliest"));
        assertThatThrownBy(absent::open)
                .isInstanceOf(DeployerException.class)
                .hasMessageContaining("there is no topic submodel-releases");
    }
}
