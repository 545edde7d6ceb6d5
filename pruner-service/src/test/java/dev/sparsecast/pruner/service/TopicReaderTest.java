package dev.sparsecast.pruner.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.schemas.Topics;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.internals.AutoOffsetResetStrategy;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TopicReaderTest {
    private static final Node[] NOWHERE = new Node[0];

    private final MockConsumer<byte[], byte[]> consumer = new MockConsumer<>(AutoOffsetResetStrategy.EARLIEST.name());

    @BeforeEach
    void topics() {
        topic(Topics.ACTIVATION_STATISTICS, 2, 3);
        topic(Topics.ACTIVATION_DRIFT, 1, 0);
        topic(Topics.SUBMODEL_RELEASES, 1, 1);
        topic(Topics.SUBMODEL_COMMANDS, 1, 0);
        topic(Topics.SUBMODEL_DECISIONS, 1, 0);
        topic(Topics.prompts("python"), 1, 2);
        topic(Topics.prompts("perl"), 1, 5);
    }

    private void topic(String name, int partitions, long records) {
        List<PartitionInfo> infos = new ArrayList<>();
        for (int partition = 0; partition < partitions; partition++) {
            infos.add(new PartitionInfo(name, partition, Node.noNode(), NOWHERE, NOWHERE));
            consumer.updateBeginningOffsets(Map.of(new TopicPartition(name, partition), 0L));
            consumer.updateEndOffsets(Map.of(new TopicPartition(name, partition), records));
        }
        consumer.updatePartitions(name, infos);
    }

    private void add(String topic, int partition, long offset) {
        consumer.addRecord(new ConsumerRecord<>(topic, partition, offset, new byte[0], new byte[0]));
    }

    private static List<String> poll(TopicReader reader) {
        List<String> seen = new ArrayList<>();
        reader.poll(Duration.ZERO)
                .forEach(record -> seen.add(record.topic() + "-" + record.partition() + "@" + record.offset()));
        return seen;
    }

    @Test
    void isCaughtUpWhenEverythingThatWasThereAtTheStartIsRead() {
        TopicReader reader = new TopicReader(consumer, List.of("python"));
        assertThat(reader.isCaughtUp()).isFalse();
        for (int partition = 0; partition < 2; partition++) {
            for (int offset = 0; offset < 3; offset++) {
                add(Topics.ACTIVATION_STATISTICS, partition, offset);
            }
        }
        add(Topics.prompts("python"), 0, 0);
        add(Topics.prompts("python"), 0, 1);
        assertThat(poll(reader)).hasSize(8);
        assertThat(reader.isCaughtUp()).isFalse();

        // what came meanwhile need not be read
        consumer.updateEndOffsets(Map.of(new TopicPartition(Topics.prompts("python"), 0), 100L));
        add(Topics.SUBMODEL_RELEASES, 0, 0);
        assertThat(poll(reader)).containsExactly("submodel-releases-0@0");
        assertThat(reader.isCaughtUp()).isTrue();
        add(Topics.prompts("python"), 0, 2);
        assertThat(poll(reader)).containsExactly("prompts.python-0@2");
    }

    @Test
    void readsNoPromptsOfOtherLanguages() {
        TopicReader reader = new TopicReader(consumer, List.of("python"));
        assertThat(reader.isCaughtUp()).isFalse();
        assertThat(consumer.assignment())
                .extracting(TopicPartition::topic)
                .contains("prompts.python")
                .doesNotContain("prompts.perl");
    }

    @Test
    void readsPromptsOfALanguageThatIsWantedLaterFromTheirBeginning() {
        TopicReader reader = new TopicReader(consumer, List.of("python"));
        poll(reader);
        reader.follow(List.of("python", "perl"));
        poll(reader);
        add(Topics.prompts("perl"), 0, 0);
        assertThat(poll(reader)).containsExactly("prompts.perl-0@0");
    }

    @Test
    void doesWithoutPromptsOfALanguageThatNobodyHasWrittenYet() {
        TopicReader reader = new TopicReader(consumer, List.of("python", "cobol"));
        assertThat(reader.hasTopic("prompts.perl")).isTrue();
        assertThat(reader.hasTopic("prompts.cobol")).isFalse();
    }

    @Test
    void saysWhichTopicIsMissing() {
        MockConsumer<byte[], byte[]> empty = new MockConsumer<>(AutoOffsetResetStrategy.EARLIEST.name());
        assertThatThrownBy(() -> new TopicReader(empty, List.of("python")))
                .isInstanceOf(PrunerException.class)
                .hasMessageContaining("activation-statistics is missing")
                .hasMessageContaining("sparsecast topics");
    }

    @Test
    void refusesToReadWhatWasNeverCommitted() {
        ClusterSettings dirty = new ClusterSettings(
                "nowhere:1", "mock://topic-reader-test", Map.of("isolation.level", "read_uncommitted"));
        assertThatThrownBy(() -> TopicReader.open(dirty, List.of()))
                .isInstanceOf(PrunerException.class)
                .hasMessageContaining("isolation.level");
    }
}
