package dev.sparsecast.worker.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.cli.cluster.TopicSetup;
import dev.sparsecast.cli.stack.EmbeddedStack;
import dev.sparsecast.cli.stack.StackOptions;
import dev.sparsecast.it.SparsecastProcess;
import dev.sparsecast.it.StackExtension;
import dev.sparsecast.producers.PromptFile;
import dev.sparsecast.producers.PromptProducer;
import dev.sparsecast.schemas.ActivationNorms;
import dev.sparsecast.schemas.HeldOut;
import dev.sparsecast.schemas.LayerKey;
import dev.sparsecast.schemas.Prompt;
import dev.sparsecast.schemas.Topics;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.cluster.TopicCatalogue;
import dev.sparsecast.schemas.serde.SparsecastSerdes;
import dev.sparsecast.worker.model.LanguageModel;
import dev.sparsecast.worker.model.ModelOptions;
import dev.sparsecast.worker.profile.ActivationProfiler;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A worker that is slow, and one that is told to stop in the middle, with a real broker. In this package for its classes. */
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class WorkerUnderLoadIT {
    private static final Path MODEL = SparsecastProcess.root().resolve("demo/models/tiny-coder");
    private static final PromptLimit SHORT = new PromptLimit(32, PromptLimit.Oversize.CUT);

    @TempDir
    Path directory;

    private final List<Prompt> prompts = PromptFile.read(
                    SparsecastProcess.root().resolve("demo/prompts/python.jsonl"))
            .prompts();
    private final AtomicLong sent = new AtomicLong();
    private EmbeddedStack stack;
    private ClusterSettings cluster;

    @BeforeAll
    void start() throws Exception {
        stack = EmbeddedStack.start(StackOptions.temporary());
        cluster = StackExtension.settings(stack);
        try (Admin admin = Admin.create(cluster.client(Map.of()))) {
            TopicSetup.create(admin, TopicCatalogue.topics(List.of("python"), 2), Optional.empty());
        }
        send("first");
    }

    /** Sends all prompts under ids of their own. */
    private void send(String prefix) {
        List<Prompt> renamed = prompts.stream()
                .map(prompt -> new Prompt(
                        prefix + "-" + prompt.id(),
                        prompt.language(),
                        prompt.domain(),
                        prompt.text(),
                        prompt.source(),
                        prompt.attributes()))
                .toList();
        try (PromptProducer producer = new PromptProducer(cluster)) {
            producer.send(renamed, Double.POSITIVE_INFINITY, progress -> {});
        }
        sent.addAndGet(renamed.stream()
                .filter(prompt -> !HeldOut.contains(prompt.id()))
                .count());
    }

    @AfterAll
    void stop() {
        stack.close();
    }

    /** Each step takes twice as long as the group would wait for a poll. */
    @Test
    void aModelSlowerThanThePollIntervalDoesNotCostTheWorkerItsPartitions() throws Exception {
        ClusterSettings impatient = new ClusterSettings(
                cluster.bootstrapServers(), cluster.schemaRegistryUrl(), Map.of("max.poll.interval.ms", "3000"));
        SimpleMeterRegistry meters = new SimpleMeterRegistry();
        AtomicBoolean stopping = new AtomicBoolean();
        WorkerSettings settings = new WorkerSettings("slow", "slow", FlushPolicy.defaults(), SHORT);
        try (Checkpoint checkpoint = Checkpoint.open(MODEL);
                LanguageModel model = LanguageModel.load(checkpoint, ModelOptions.defaults());
                ExecutorService modelThread = Executors.newSingleThreadExecutor();
                ExecutorService loopThread = Executors.newSingleThreadExecutor();
                var promptSerde = new SparsecastSerdes(cluster).prompts();
                var normsSerde = new SparsecastSerdes(cluster).activationNorms()) {
            WorkerMetrics metrics = new WorkerMetrics(meters, checkpoint.revision(), "slow", 2048);
            Map<String, Object> producer = settings.producer(impatient, checkpoint.revision());
            FlushTransactions transactions = new FlushTransactions(
                    () -> new KafkaProducer<>(producer, new ByteArraySerializer(), new ByteArraySerializer()));
            transactions.begin();
            GroupMember member = new GroupMember(settings.consumer(impatient, checkpoint.revision()));
            PromptLoop loop = new PromptLoop(
                    settings,
                    checkpoint.revision(),
                    new PromptLoop.Parts(
                            member.consumer(),
                            transactions,
                            normsSerde.serializer(),
                            new PromptIntake(
                                    promptSerde.deserializer(), checkpoint.tokenizer()::encode, settings.limit()),
                            checkpoint.config(),
                            Optional.of(checkpoint.digest()),
                            new ActivationProfiler(model),
                            step -> modelThread.execute(() -> {
                                sleep(Duration.ofSeconds(6));
                                step.run();
                            }),
                            1024,
                            1 << 20,
                            true,
                            metrics));
            try (transactions;
                    member) {
                CompletableFuture<Void> running = CompletableFuture.runAsync(() -> loop.run(stopping::get), loopThread);
                while (loop.totals().prompts() < sent.get() && !running.isDone()) {
                    Thread.sleep(50);
                }
                stopping.set(true);
                running.join();
            }
            assertThat(loop.totals().prompts()).isEqualTo(sent.get());
            assertThat(loop.totals().cut()).isPositive();
            assertThat(meters.get("sparsecast.worker.recoveries").counter().count())
                    .as("times that the group took it for dead")
                    .isZero();
        }
    }

    @Test
    void whatWasReadWhenToldToStopIsCountedOnceOrLeftToTheNext() throws Exception {
        try (SparsecastProcess first = worker("128", "--flush-prompts", "4");
                KafkaConsumer<byte[], byte[]> norms = norms()) {
            while (count(norms) == 0) {
                assertThat(first.process().isAlive()).isTrue();
            }
            first.terminate();
            assertThat(first.waitFor()).as("exit code after SIGTERM").isZero();
        }
        send("second");
        try (SparsecastProcess second = worker("32", "--flush-seconds", "1");
                KafkaConsumer<byte[], byte[]> norms = norms()) {
            long all = 0;
            while (all < sent.get()) {
                assertThat(second.process().isAlive()).isTrue();
                all += count(norms);
            }
            second.terminate();
            assertThat(second.waitFor()).as("exit code after SIGTERM").isZero();
            for (long more = count(norms); more > 0; more = count(norms)) {
                all += more;
            }
            assertThat(all).isEqualTo(sent.get());
        }
    }

    private SparsecastProcess worker(String maxTokens, String... flush) throws Exception {
        return SparsecastProcess.start(
                directory,
                Map.of(
                        "SPARSECAST_BOOTSTRAP_SERVERS",
                        cluster.bootstrapServers(),
                        "SPARSECAST_SCHEMA_REGISTRY_URL",
                        cluster.schemaRegistryUrl()),
                "worker",
                "--model",
                MODEL.toString(),
                "--instance",
                "stopped",
                "--max-tokens",
                maxTokens,
                flush[0],
                flush[1]);
    }

    private KafkaConsumer<byte[], byte[]> norms() {
        KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                cluster.client(Map.of("isolation.level", "read_committed", "enable.auto.commit", false)),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
        List<TopicPartition> partitions = consumer.partitionsFor(Topics.ACTIVATION_NORMS).stream()
                .map(info -> new TopicPartition(info.topic(), info.partition()))
                .toList();
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
        return consumer;
    }

    /** Prompts that the worker "stopped" has counted in layer 0, of the records that the next poll brings. */
    private long count(KafkaConsumer<byte[], byte[]> norms) {
        long prompts = 0;
        ConsumerRecords<byte[], byte[]> records = norms.poll(Duration.ofMillis(500));
        try (var serde = new SparsecastSerdes(cluster).activationNorms()) {
            for (var record : records) {
                LayerKey key = LayerKey.parse(new String(record.key(), StandardCharsets.UTF_8));
                ActivationNorms value = serde.deserializer().deserialize(record.topic(), record.value());
                if (key.layer() == 0 && value.worker().equals("stopped")) {
                    prompts += value.prompts();
                }
            }
        }
        return prompts;
    }

    private static void sleep(Duration time) {
        try {
            Thread.sleep(time);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
