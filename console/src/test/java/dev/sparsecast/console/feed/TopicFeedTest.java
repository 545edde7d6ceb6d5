package dev.sparsecast.console.feed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sparsecast.console.state.PipelineState;
import dev.sparsecast.console.view.PipelineView;
import dev.sparsecast.schemas.DriftReport;
import dev.sparsecast.schemas.DriftState;
import dev.sparsecast.schemas.Prompt;
import dev.sparsecast.schemas.Topics;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.serde.SparsecastSerdes;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.Serde;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The feed over Kafka's own in-memory consumer. */
class TopicFeedTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String PYTHON = "prompts.python";
    private static final String GROUP = "tiny-coder@0123456789ab/python/code";

    private final SparsecastSerdes serdes =
            new SparsecastSerdes(new ClusterSettings("unused:1", "mock://console-feed"));
    private final MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("earliest");
    private final PipelineState state = new PipelineState();
    private @Nullable TopicFeed feed;

    @AfterEach
    void stop() {
        if (feed != null) {
            feed.close();
        }
    }

    @Test
    void readsWhatTheTopicsSayAndCountsWhatCannotBeRead() {
        topic(PYTHON);
        topic(Topics.ACTIVATION_DRIFT);
        topic("dead-letters.prompts.python");
        topic("somebody-elses");
        start();
        onAssignment(() -> {
            add(PYTHON, 0, "p-1", bytes(serdes.prompts(), PYTHON, prompt("p-1")));
            add(PYTHON, 1, "p-2", new byte[] {1, 2, 3});
            add(PYTHON, 2, "p-3", bytes(serdes.prompts(), PYTHON, prompt("p-3")));
            add(Topics.ACTIVATION_DRIFT, 0, "no/key", bytes(serdes.driftReports(), Topics.ACTIVATION_DRIFT, drift()));
            add(Topics.ACTIVATION_DRIFT, 1, GROUP, bytes(serdes.driftReports(), Topics.ACTIVATION_DRIFT, drift()));
            add(Topics.ACTIVATION_DRIFT, 2, GROUP, null);
            add("dead-letters.prompts.python", 0, "p-0", "sparsecast.dead-letter.reason", "no text");
        });

        await().atMost(PATIENCE).until(() -> state.view().feed().records() >= 6);

        PipelineView view = state.view();
        assertThat(view.traffic().prompts()).isEqualTo(2);
        assertThat(view.groups()).hasSize(1);
        assertThat(view.deadLetters().getFirst().lastReason()).isEqualTo("no text");
        assertThat(view.feed().undecodable())
                .extracting(count -> count.topic(), count -> count.records())
                .containsExactlyInAnyOrder(
                        org.assertj.core.groups.Tuple.tuple(PYTHON, 1L),
                        org.assertj.core.groups.Tuple.tuple(Topics.ACTIVATION_DRIFT, 1L));
        assertThat(consumer.assignment())
                .extracting(TopicPartition::topic)
                .doesNotContain("somebody-elses")
                .hasSize(3);
        await().atMost(PATIENCE).until(state::isReady);
    }

    @Test
    void topicsThatAppearLaterArePickedUpFromTheirBeginning() {
        topic(PYTHON);
        start();
        onAssignment(() -> add(PYTHON, 0, "p-1", bytes(serdes.prompts(), PYTHON, prompt("p-1"))));
        await().atMost(PATIENCE).until(() -> state.view().traffic().prompts() == 1);

        consumer.schedulePollTask(() -> topic("prompts.java"));
        await().atMost(PATIENCE).until(() -> consumer.assignment().size() == 2);
        consumer.schedulePollTask(
                () -> add("prompts.java", 0, "j", bytes(serdes.prompts(), "prompts.java", prompt("j"))));

        await().atMost(PATIENCE).until(() -> state.view().traffic().prompts() == 2);
    }

    @Test
    void aBrokerThatDoesNotAnswerIsReportedAndWaitedFor() {
        topic(PYTHON);
        consumer.setPollException(new TimeoutException("no node"));
        start();
        await().atMost(PATIENCE).until(() -> state.view().feed().problem().contains("no node"));
        assertThat(state.isReady()).isFalse();

        await().atMost(PATIENCE).until(() -> state.view().feed().problem().isEmpty() && state.isReady());
    }

    @Test
    void withoutAnyTopicThereIsNothingToWaitFor() {
        start();
        await().atMost(PATIENCE).until(state::isReady);
    }

    @Test
    void closingEndsTheThread() {
        start();
        TopicFeed started = java.util.Objects.requireNonNull(feed);
        started.close();
        assertThat(started.isAlive()).isFalse();
        assertThat(consumer.closed()).isTrue();
    }

    private void start() {
        feed = TopicFeed.start(consumer, serdes, state, "localhost:9092");
    }

    /** The in-memory consumer takes records of assigned partitions only. */
    private void onAssignment(Runnable task) {
        await().atMost(PATIENCE).until(() -> !consumer.assignment().isEmpty());
        consumer.schedulePollTask(task);
    }

    private void topic(String name) {
        TopicPartition partition = new TopicPartition(name, 0);
        consumer.updateBeginningOffsets(Map.of(partition, 0L));
        consumer.updateEndOffsets(Map.of(partition, 0L));
        consumer.updatePartitions(name, List.of(new PartitionInfo(name, 0, Node.noNode(), new Node[0], new Node[0])));
    }

    private void add(String topic, long offset, String key, byte @Nullable [] value) {
        consumer.addRecord(new ConsumerRecord<>(topic, 0, offset, key.getBytes(StandardCharsets.UTF_8), value));
    }

    private void add(String topic, long offset, String key, String header, String headerValue) {
        var letter = new ConsumerRecord<>(topic, 0, offset, key.getBytes(StandardCharsets.UTF_8), new byte[] {9});
        letter.headers().add(header, headerValue.getBytes(StandardCharsets.UTF_8));
        consumer.addRecord(letter);
    }

    private static <T> byte[] bytes(Serde<T> serde, String topic, T value) {
        try (serde) {
            return serde.serializer().serialize(topic, value);
        }
    }

    private static Prompt prompt(String id) {
        return new Prompt(id, "python", "code", "text", "", Map.of());
    }

    private static DriftReport drift() {
        return new DriftReport(1, Instant.EPOCH, DriftState.STABLE, 0.01, 0.01, 0.1, 10, "", 0, List.of());
    }
}
