package dev.sparsecast.worker.loop;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.checkpoint.Tokenizer;
import dev.sparsecast.schemas.Names;
import dev.sparsecast.schemas.Topics;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.serde.SparsecastSerdes;
import dev.sparsecast.worker.model.LanguageModel;
import dev.sparsecast.worker.model.ModelOptions;
import dev.sparsecast.worker.profile.ActivationProfiler;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A worker: reads prompts from Kafka, runs them through a model on a thread of its own, and publishes activation norms,
 * each prompt counted exactly once. It ends when it is closed or when it cannot go on.
 */
public final class InferenceWorker implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(InferenceWorker.class);

    private final WorkerSettings settings;
    private final ClusterSettings cluster;
    private final Checkpoint checkpoint;
    private final ModelOptions options;
    private final MeterRegistry registry;
    private final String revision;
    private final Map<String, Object> consumerSettings;
    private final Map<String, Object> producerSettings;
    private final CompletableFuture<Void> termination = new CompletableFuture<>();
    private final Thread thread;
    private volatile boolean stopping;
    private volatile @Nullable PromptLoop loop;

    private InferenceWorker(
            WorkerSettings settings,
            ClusterSettings cluster,
            Checkpoint checkpoint,
            ModelOptions options,
            MeterRegistry registry) {
        this.settings = settings;
        this.cluster = cluster;
        this.checkpoint = checkpoint;
        this.options = options;
        this.registry = registry;
        this.revision = Names.revision(checkpoint.revision());
        this.consumerSettings = settings.consumer(cluster, revision);
        this.producerSettings = settings.producer(cluster, revision);
        this.thread = new Thread(this::run, "worker-" + settings.instance());
    }

    /**
     * Starts a worker. The checkpoint must stay open until the worker has ended; loading the model and connecting happen
     * on the worker's thread, and what goes wrong there is told by {@link #termination}.
     *
     * @throws WorkerException if the settings contradict exactly-once delivery
     */
    public static InferenceWorker start(
            WorkerSettings settings,
            ClusterSettings cluster,
            Checkpoint checkpoint,
            ModelOptions options,
            MeterRegistry registry) {
        InferenceWorker worker = new InferenceWorker(settings, cluster, checkpoint, options, registry);
        worker.thread.start();
        return worker;
    }

    /** Completes when the worker has ended: normally after {@link #close}, exceptionally with the cause otherwise. */
    public CompletableFuture<Void> termination() {
        return termination.copy();
    }

    /** Whether the model is loaded, the group joined and nothing has ended it. */
    public boolean isReady() {
        PromptLoop current = loop;
        return current != null && current.isAssigned() && !termination.isDone();
    }

    /** What was published since the start. */
    public WorkerTotals totals() {
        PromptLoop current = loop;
        return current == null ? WorkerTotals.NONE : current.totals();
    }

    /**
     * Goes on for a few seconds with what was read, flushes, commits, leaves the group and waits for all that. What was not
     * finished is left to whoever reads on. Does nothing the second time.
     */
    @Override
    public void close() {
        stopping = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        try {
            work();
            termination.complete(null);
        } catch (Throwable e) {
            LOG.atError()
                    .addKeyValue("model", revision)
                    .addKeyValue("worker", settings.instance())
                    .setCause(e)
                    .log("The worker ended: {}", e.getMessage());
            termination.completeExceptionally(e);
        }
    }

    /** Resources close in reverse: leave the group, then the producer, let the step in hand end, then free the model. */
    private void work() {
        SparsecastSerdes serdes = new SparsecastSerdes(cluster);
        try (LanguageModel model = LanguageModel.load(checkpoint, options);
                ExecutorService modelThread = Executors.newSingleThreadExecutor(
                        Thread.ofPlatform().name(thread.getName() + "-model").factory());
                var promptSerde = serdes.prompts();
                var normsSerde = serdes.activationNorms();
                FlushTransactions transactions = connect();
                GroupMember member = new GroupMember(consumerSettings)) {
            Tokenizer tokenizer = checkpoint.tokenizer();
            WorkerMetrics metrics = new WorkerMetrics(registry, revision, settings.instance(), options.batchTokens());
            PromptLoop started = new PromptLoop(
                    settings,
                    revision,
                    new PromptLoop.Parts(
                            member.consumer(),
                            transactions,
                            normsSerde.serializer(),
                            new PromptIntake(
                                    promptSerde.deserializer(),
                                    tokenizer::encode,
                                    settings.limit().within(model.config().maxPositions())),
                            model.config(),
                            Optional.of(checkpoint.digest()),
                            new ActivationProfiler(model),
                            modelThread,
                            options.batchTokens(),
                            largestRecord(),
                            !"latest".equals(consumerSettings.get(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG)),
                            metrics));
            loop = started;
            LOG.atInfo()
                    .addKeyValue("model", revision)
                    .addKeyValue("worker", settings.instance())
                    .log("The worker starts reading prompts");
            started.run(() -> stopping);
        }
    }

    private int largestRecord() {
        Object configured = producerSettings.get(ProducerConfig.MAX_REQUEST_SIZE_CONFIG);
        return configured == null ? 1 << 20 : Integer.parseInt(configured.toString());
    }

    private FlushTransactions connect() {
        try {
            FlushTransactions transactions = new FlushTransactions(
                    () -> new KafkaProducer<>(producerSettings, new ByteArraySerializer(), new ByteArraySerializer()));
            try {
                begin(transactions);
                return transactions;
            } catch (RuntimeException e) {
                transactions.close();
                throw e;
            }
        } catch (KafkaException e) {
            throw new WorkerException(
                    "cannot use the broker at " + cluster.bootstrapServers() + ": " + Failures.rootMessage(e), e);
        }
    }

    private void begin(FlushTransactions transactions) {
        try {
            transactions.begin();
        } catch (TimeoutException e) {
            throw new WorkerException(
                    "no broker answers at " + cluster.bootstrapServers()
                            + "; check --bootstrap-servers and that it runs",
                    e);
        }
        try {
            transactions.require(Topics.ACTIVATION_NORMS);
        } catch (TimeoutException e) {
            throw new WorkerException(
                    "the broker at " + cluster.bootstrapServers() + " has no topic " + Topics.ACTIVATION_NORMS
                            + "; create the topics with 'sparsecast topics'",
                    e);
        }
    }
}
