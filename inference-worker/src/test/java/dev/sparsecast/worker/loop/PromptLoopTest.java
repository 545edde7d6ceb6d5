package dev.sparsecast.worker.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.sparsecast.checkpoint.ModelConfig;
import dev.sparsecast.checkpoint.Tap;
import dev.sparsecast.checkpoint.statistics.ModelStatistics;
import dev.sparsecast.schemas.ActivationNorms;
import dev.sparsecast.schemas.HeldOut;
import dev.sparsecast.schemas.LayerKey;
import dev.sparsecast.schemas.Prompt;
import dev.sparsecast.schemas.TapNorms;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.serde.SparsecastSerdes;
import dev.sparsecast.worker.model.LanguageModel;
import dev.sparsecast.worker.model.ModelOptions;
import dev.sparsecast.worker.model.Progress;
import dev.sparsecast.worker.model.RandomModel;
import dev.sparsecast.worker.profile.ActivationProfiler;
import dev.sparsecast.worker.profile.GroupedPrompt;
import dev.sparsecast.worker.profile.PromptGroup;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serde;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** The loop against Kafka's own in-memory clients; the real broker's part is tested in integration-tests. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PromptLoopTest {
    private static final String REVISION = "tiny@0123456789ab";
    private static final int BATCH_TOKENS = 8;
    private static final String UNKNOWN_TOKEN = "unknown";
    private static final TopicPartition PYTHON = new TopicPartition("prompts.python", 0);
    private static final TopicPartition JAVA = new TopicPartition("prompts.java", 0);

    private final ModelConfig shape = RandomModel.smallShape(true);
    private final SparsecastSerdes serdes = new SparsecastSerdes(new ClusterSettings("unused:1", "mock://prompt-loop"));
    private final Serde<Prompt> prompts = serdes.prompts();
    private final Serde<ActivationNorms> norms = serdes.activationNorms();
    private LanguageModel model;

    /** Runs steps at once, unless a test has something else in mind. */
    private Executor modelThread;

    private PromptLimit limit;
    private SourceCap sources;
    private CommittedConsumer consumer;
    private List<MockProducer<byte[], byte[]>> producers;
    private Deque<Runnable> turns;
    private Map<TopicPartition, Long> nextOffset;
    private List<ConsumerRecord<byte[], byte[]>> delivered;
    private List<Duration> pauses;
    private SimpleMeterRegistry meters;

    /** A mock that commits what transactions commit, as a broker would. */
    private final class CommittedConsumer extends MockConsumer<byte[], byte[]> {
        CommittedConsumer() {
            super("earliest");
        }

        @Override
        public synchronized Map<TopicPartition, OffsetAndMetadata> committed(Set<TopicPartition> partitions) {
            Map<TopicPartition, OffsetAndMetadata> result = committedMetadata();
            result.keySet().retainAll(partitions);
            return result;
        }
    }

    @BeforeAll
    void load() {
        model = LanguageModel.load(RandomModel.of(shape, 4), ModelOptions.defaults());
    }

    @AfterAll
    void close() {
        model.close();
    }

    @BeforeEach
    void freshClients() {
        modelThread = Runnable::run;
        limit = PromptLimit.POSITIONS;
        sources = SourceCap.NONE;
        consumer = new CommittedConsumer();
        producers = new ArrayList<>();
        turns = new ArrayDeque<>();
        nextOffset = new HashMap<>();
        delivered = new ArrayList<>();
        pauses = new ArrayList<>();
        meters = new SimpleMeterRegistry();
        for (TopicPartition partition : List.of(PYTHON, JAVA)) {
            consumer.updatePartitions(
                    partition.topic(), List.of(new PartitionInfo(partition.topic(), 0, null, null, null)));
            consumer.updateBeginningOffsets(Map.of(partition, 0L));
        }
        turns.add(() -> consumer.rebalance(List.of(PYTHON, JAVA)));
    }

    @Test
    void aFlushCarriesEveryLayerOfEveryGroupWithTheOffsetsThatItCameFrom() {
        turns.add(() -> {
            send(PYTHON, "p", "python", "one two three", "alice");
            send(PYTHON, "q", "python", "four five", "bob");
            send(PYTHON, "r", "python", "six", "bob");
            send(JAVA, "s", "java", "seven eight", "carol");
        });
        PromptLoop loop = run();

        List<ProducerRecord<byte[], byte[]>> sent = producers.getFirst().history();
        assertThat(sent).hasSize(2 * shape.layers());
        Map<LayerKey, ActivationNorms> byKey = new HashMap<>();
        Set<String> flushes = new HashSet<>();
        for (ProducerRecord<byte[], byte[]> record : sent) {
            assertThat(record.topic()).isEqualTo("activation-norms");
            ActivationNorms value = norms.deserializer().deserialize(record.topic(), record.value());
            byKey.put(LayerKey.parse(new String(record.key(), StandardCharsets.UTF_8)), value);
            assertThat(record.timestamp()).isEqualTo(value.flushedAt().toEpochMilli());
            assertThat(value.layers()).isEqualTo(shape.layers());
            assertThat(value.worker()).isEqualTo("w1");
            flushes.add(value.flushId() + "@" + value.flushedAt());
        }
        assertThat(flushes).hasSize(1);
        ModelStatistics python = statistics("one two three", "four five", "six");
        for (int layer = 0; layer < shape.layers(); layer++) {
            ActivationNorms value = byKey.get(LayerKey.parse(REVISION + "/python/code/" + layer));
            assertThat(value.tokens()).isEqualTo(6);
            assertThat(value.prompts()).isEqualTo(3);
            assertThat(value.distinctSources()).isEqualTo(2);
            assertThat(value.taps())
                    .extracting(TapNorms::tap)
                    .containsExactlyElementsOf(
                            Stream.of(Tap.values()).map(Tap::label).toList());
            for (TapNorms tap : value.taps()) {
                double[] squares =
                        python.layers().get(layer).get(Tap.ofLabel(tap.tap())).sumSquares();
                for (int i = 0; i < squares.length; i++) {
                    assertThat((double) tap.sumSquares()[i]).isCloseTo(squares[i], within(1e-5 * squares[i]));
                }
            }
        }
        assertThat(byKey).containsKey(LayerKey.parse(REVISION + "/java/code/0"));
        assertThat(committedOffsets()).containsEntry(PYTHON, 3L).containsEntry(JAVA, 1L);
        assertThat(loop.totals()).isEqualTo(new WorkerTotals(4, 8, 0, 0, 0, 0, 0, 1));
        assertThat(meters.get("sparsecast.worker.tokens")
                        .tag("language", "python")
                        .counter()
                        .count())
                .isEqualTo(6);
    }

    @Test
    void poisonGoesToTheDeadLettersInTheSameTransactionAndWorkGoesOn() {
        turns.add(() -> {
            send(PYTHON, "p", "python", "one", "a");
            receive(PYTHON, new byte[] {1, 2, 3});
            send(PYTHON, "q", "python", "two", "a");
        });
        PromptLoop loop = run();

        List<ProducerRecord<byte[], byte[]>> sent = producers.getFirst().history();
        assertThat(sent)
                .filteredOn(record -> record.topic().equals("dead-letters.prompts.python"))
                .singleElement()
                .satisfies(letter -> {
                    assertThat(letter.value()).isEqualTo(new byte[] {1, 2, 3});
                    assertThat(new String(
                                    letter.headers()
                                            .lastHeader(DeadLetter.OFFSET)
                                            .value(),
                                    StandardCharsets.UTF_8))
                            .isEqualTo("1");
                });
        assertThat(producers.getFirst().commitCount()).isEqualTo(1);
        assertThat(committedOffsets()).containsEntry(PYTHON, 3L);
        assertThat(loop.totals()).isEqualTo(new WorkerTotals(2, 2, 0, 0, 1, 0, 0, 1));
    }

    @Test
    void heldOutPromptsAreNotCountedButPassed() {
        String heldOut = ids(true).findFirst().orElseThrow();
        turns.add(() -> receive(PYTHON, bytes(heldOut, "python", "one two", "a")));
        PromptLoop loop = run();

        assertThat(producers.getFirst().history()).isEmpty();
        assertThat(committedOffsets()).containsEntry(PYTHON, 1L);
        assertThat(loop.totals()).isEqualTo(new WorkerTotals(0, 0, 1, 0, 0, 0, 0, 1));
    }

    @Test
    void whatATransactionLostIsReadAgainAndCountedOnce() {
        turns.add(() -> {
            send(PYTHON, "p", "python", "one two", "a");
            send(JAVA, "q", "java", "three", "a");
            producers.getFirst().commitTransactionException = new ProducerFencedException("timed out");
        });
        // Run, lost; going back looks at the next turn already.
        turns.add(() -> {});
        turns.add(() -> {});
        turns.add(this::redeliver);
        turns.add(() -> {});
        PromptLoop loop = run(new FlushPolicy(1, 1, Duration.ofSeconds(1)));

        assertThat(producers).hasSize(2);
        assertThat(producers.get(0).history()).isEmpty();
        assertThat(producers.get(1).history()).hasSize(2 * shape.layers());
        assertThat(committedOffsets()).containsEntry(PYTHON, 1L).containsEntry(JAVA, 1L);
        assertThat(loop.totals()).isEqualTo(new WorkerTotals(2, 3, 0, 0, 0, 0, 0, 1));
        assertThat(meters.get("sparsecast.worker.recoveries").counter().count()).isEqualTo(1);
    }

    @Test
    void partitionsAreFlushedBeforeTheyAreGivenUp() {
        turns.add(() -> send(PYTHON, "p", "python", "one two", "a"));
        turns.add(() -> {});
        turns.add(() -> {
            consumer.rebalance(List.of(JAVA));
            assertThat(committedOffsets()).containsEntry(PYTHON, 1L);
        });
        PromptLoop loop = run();

        assertThat(loop.totals()).isEqualTo(new WorkerTotals(1, 2, 0, 0, 0, 0, 0, 1));
    }

    @Test
    void whatIsNotThroughWhenItsPartitionGoesIsLeftToTheNextOwnerAndTheRestGoesOn() {
        ArrayDeque<Runnable> steps = new ArrayDeque<>();
        modelThread = steps::add;
        turns.add(() -> {
            send(PYTHON, "p", "python", "one two", "a");
            send(JAVA, "q", "java", "three", "a");
        });
        turns.add(() -> {});
        turns.add(() -> assertThat(steps).as("a step with both").hasSize(1));
        turns.add(() -> consumer.rebalance(List.of(JAVA)));
        turns.add(() -> {
            assertThat(steps).as("another one with what stays").hasSize(2);
            steps.forEach(Runnable::run);
            modelThread = Runnable::run;
        });
        PromptLoop loop = run();

        assertThat(committedOffsets()).containsEntry(JAVA, 1L).doesNotContainKey(PYTHON);
        assertThat(loop.totals()).isEqualTo(new WorkerTotals(1, 1, 0, 0, 0, 0, 0, 1));
    }

    @Test
    void goesOnPollingAndReadsNoMoreThanItHasRoomForWhileAStepTakesLong() {
        ArrayDeque<Runnable> steps = new ArrayDeque<>();
        modelThread = steps::add;
        turns.add(() -> sendMany(200));
        for (int turn = 0; turn < 20; turn++) {
            turns.add(() -> {
                assertThat(steps).hasSizeLessThanOrEqualTo(1);
                assertThat(gauge("waiting.tokens")).isLessThanOrEqualTo(2 * BATCH_TOKENS + 2);
            });
        }
        turns.add(() -> {
            assertThat(consumer.paused()).containsExactlyInAnyOrder(PYTHON, JAVA);
            assertThat(gauge("paused")).isEqualTo(1);
            modelThread = Runnable::run;
            steps.remove().run();
        });
        for (int turn = 0; turn < 200; turn++) {
            turns.add(() -> {});
        }
        PromptLoop loop = run();

        assertThat(consumer.paused()).isEmpty();
        assertThat(loop.totals().prompts()).isEqualTo(200);
        assertThat(committedOffsets()).containsEntry(PYTHON, 200L);
        assertThat(gauge("waiting.records")).isZero();
    }

    @Test
    void drainsWhatWasTakenInWhenToldToStop() {
        ExecutorService executor = Executors.newSingleThreadExecutor();
        modelThread = executor;
        turns.add(() -> sendMany(40));
        PromptLoop loop;
        try (executor) {
            loop = run();
        }

        WorkerTotals totals = loop.totals();
        assertThat(totals.prompts()).isPositive();
        assertThat(committedOffsets()).containsEntry(PYTHON, totals.prompts());
    }

    @Test
    void flushesByTokensWhateverElseIsStillWaiting() {
        turns.add(() -> sendMany(40));
        for (int turn = 0; turn < 60; turn++) {
            turns.add(() -> {});
        }
        PromptLoop loop = run(new FlushPolicy(20, 1_000, Duration.ofHours(1)));

        // 80 tokens, in steps of 8 or more: a flush as soon as 20 or more are through.
        assertThat(loop.totals().flushes()).isBetween(2L, 4L);
        assertThat(loop.totals().tokens()).isEqualTo(80);
        assertThat(meters.get("sparsecast.worker.flush.tokens").summary().max()).isBetween(20.0, 80.0);
    }

    @Test
    void longPromptsAreCutAndCountedAsSuch() {
        limit = new PromptLimit(2, PromptLimit.Oversize.CUT);
        turns.add(() -> send(PYTHON, "p", "python", "one two three", "a"));
        PromptLoop loop = run();

        assertThat(loop.totals()).isEqualTo(new WorkerTotals(1, 2, 0, 1, 0, 0, 0, 1));
        assertThat(oversize("cut")).isEqualTo(1);
        assertThat(oversize("reject")).isZero();
    }

    @Test
    void longPromptsAreRejectedIfToldToAndCountedAsSuch() {
        limit = new PromptLimit(2, PromptLimit.Oversize.REJECT);
        turns.add(() -> {
            send(PYTHON, "p", "python", "one two three", "a");
            send(PYTHON, "q", "python", "one two", "a");
            receive(PYTHON, new byte[] {1});
        });
        PromptLoop loop = run();

        assertThat(loop.totals()).isEqualTo(new WorkerTotals(1, 2, 0, 0, 2, 1, 0, 1));
        assertThat(oversize("reject")).isEqualTo(1);
        assertThat(committedOffsets()).containsEntry(PYTHON, 3L);
    }

    /** Two tokens a prompt; of 4 free tokens and a half, the flood gets its first two and one for each other prompt. */
    @Test
    void aSourceThatFloodsIsCountedUpToItsShareAndTheRestIsToldOf() {
        sources = new SourceCap(0.5, 4, Duration.ofHours(1), SourceCap.Excess.SKIP);
        List<String> ids = ids(false).limit(12).toList();
        turns.add(() -> {
            ids.subList(0, 8).forEach(id -> receive(PYTHON, bytes(id, "python", "one two", "flood")));
            ids.subList(8, 12).forEach(id -> receive(PYTHON, bytes(id, "python", "one two", id)));
        });
        PromptLoop loop = run();

        assertThat(loop.totals()).isEqualTo(new WorkerTotals(6, 12, 0, 0, 0, 0, 6, 1));
        assertThat(meters.get("sparsecast.worker.overshare.prompts").counter().count())
                .isEqualTo(6);
        assertThat(meters.get("sparsecast.worker.overshare.tokens").counter().count())
                .isEqualTo(12);
        assertThat(committedOffsets()).containsEntry(PYTHON, 12L);
    }

    @Test
    void whatASourceHasTooMuchOfGoesToTheDeadLettersIfToldTo() {
        sources = new SourceCap(0.5, 2, Duration.ofHours(1), SourceCap.Excess.REJECT);
        turns.add(() -> sendMany(3));
        PromptLoop loop = run();

        assertThat(loop.totals()).isEqualTo(new WorkerTotals(1, 2, 0, 0, 2, 0, 2, 1));
    }

    @Test
    void whatTheModelFailsOfEndsTheLoop() {
        turns.add(() -> receive(PYTHON, bytes(ids(false).findFirst().orElseThrow(), "python", UNKNOWN_TOKEN, "a")));
        turns.add(() -> {});
        turns.add(() -> {});
        assertThatThrownBy(this::run)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("tokenizer does not belong to this model");
    }

    @Test
    void anErrorThatNoAttemptCanMendEndsTheLoopWithItsCause() {
        turns.add(() -> consumer.setPollException(new TopicAuthorizationException(Set.of("prompts.python"))));
        turns.add(() -> {});
        assertThatThrownBy(this::run)
                .isInstanceOf(WorkerException.class)
                .hasRootCauseInstanceOf(TopicAuthorizationException.class);
    }

    @Test
    void givesUpWhenNothingHelps() {
        for (int i = 0; i < 30; i++) {
            turns.add(() -> consumer.setPollException(new KafkaException("disk full")));
        }
        assertThatThrownBy(this::run)
                .isInstanceOf(WorkerException.class)
                .hasMessageContaining("gave up after 11 attempts: disk full");
        assertThat(pauses).hasSize(10).isSorted();
    }

    /** Two tokens each. */
    private void sendMany(int count) {
        ids(false).limit(count).forEach(id -> receive(PYTHON, bytes(id, "python", "one two", "a")));
    }

    private double gauge(String name) {
        return meters.get("sparsecast.worker." + name).gauge().value();
    }

    private double oversize(String action) {
        return meters.get("sparsecast.worker.oversize")
                .tag("action", action)
                .counter()
                .count();
    }

    private ModelStatistics statistics(String... texts) {
        PromptGroup group = new PromptGroup("python", "code");
        return new ActivationProfiler(model)
                .run(
                        Stream.of(texts)
                                .map(text -> new GroupedPrompt(group, tokens(text)))
                                .toList(),
                        Progress.NONE)
                .statistics(Optional.empty())
                .get(group);
    }

    private PromptLoop run() {
        return run(FlushPolicy.defaults());
    }

    /** Runs the loop, one scheduled turn a poll, until none is left; the loop then drains. */
    private PromptLoop run(FlushPolicy policy) {
        WorkerMetrics metrics = new WorkerMetrics(meters, REVISION, "w1", BATCH_TOKENS);
        PromptLoop loop = new PromptLoop(
                new WorkerSettings("w1").withFlush(policy).withSources(sources),
                REVISION,
                new PromptLoop.Parts(
                        consumer,
                        transactions(),
                        norms.serializer(),
                        new PromptIntake(
                                prompts.deserializer(), PromptLoopTest::tokens, limit.within(shape.maxPositions())),
                        shape,
                        Optional.empty(),
                        new ActivationProfiler(model),
                        step -> modelThread.execute(step),
                        BATCH_TOKENS,
                        1 << 20,
                        true,
                        metrics),
                pauses::add);
        loop.run(() -> {
            Runnable next = turns.poll();
            if (next == null) {
                return true;
            }
            consumer.schedulePollTask(next);
            return false;
        });
        return loop;
    }

    private FlushTransactions transactions() {
        FlushTransactions transactions = new FlushTransactions(() -> {
            producers.add(new MockProducer<>(
                    Cluster.empty(), true, null, new ByteArraySerializer(), new ByteArraySerializer()));
            return producers.getLast();
        });
        transactions.begin();
        return transactions;
    }

    private Map<TopicPartition, OffsetAndMetadata> committedMetadata() {
        Map<TopicPartition, OffsetAndMetadata> all = new HashMap<>();
        producers.forEach(producer -> producer.consumerGroupOffsetsHistory()
                .forEach(flush -> flush.values().forEach(all::putAll)));
        return all;
    }

    private Map<TopicPartition, Long> committedOffsets() {
        Map<TopicPartition, Long> offsets = new HashMap<>();
        committedMetadata().forEach((partition, offset) -> offsets.put(partition, offset.offset()));
        return offsets;
    }

    private void redeliver() {
        delivered.stream()
                .filter(record -> {
                    TopicPartition partition = new TopicPartition(record.topic(), record.partition());
                    return record.offset() >= consumer.position(partition);
                })
                .forEach(consumer::addRecord);
    }

    /** A prompt that is not held out. */
    private void send(TopicPartition partition, String name, String language, String text, String source) {
        String id = ids(false).skip(name.charAt(0) - 'a').findFirst().orElseThrow();
        receive(partition, bytes(id, language, text, source));
    }

    private void receive(TopicPartition partition, byte[] value) {
        long offset = nextOffset.merge(partition, 1L, Long::sum) - 1;
        ConsumerRecord<byte[], byte[]> record =
                new ConsumerRecord<>(partition.topic(), 0, offset, new byte[] {1}, value);
        delivered.add(record);
        consumer.addRecord(record);
    }

    private byte[] bytes(String id, String language, String text, String source) {
        return prompts.serializer()
                .serialize("prompts." + language, new Prompt(id, language, "code", text, source, Map.of()));
    }

    private static Stream<String> ids(boolean heldOut) {
        return Stream.iterate(0, i -> i + 1).map(i -> "id" + i).filter(id -> HeldOut.contains(id) == heldOut);
    }

    /** A token a word. */
    private static int[] tokens(String text) {
        if (text.equals(UNKNOWN_TOKEN)) {
            return new int[] {1_000_000};
        }
        return Stream.of(text.split(" "))
                .mapToInt(word -> Math.floorMod(word.hashCode(), 61))
                .toArray();
    }
}
