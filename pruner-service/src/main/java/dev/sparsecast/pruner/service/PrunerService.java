package dev.sparsecast.pruner.service;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.checkpoint.PrunableModule;
import dev.sparsecast.pruner.gate.QualityGate;
import dev.sparsecast.pruner.release.ReleaseBuilder;
import dev.sparsecast.pruner.snapshot.SnapshotAssembler;
import dev.sparsecast.pruner.specification.SubModelSpecification;
import dev.sparsecast.pruner.specification.SubModelSpecification.Group;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.serde.SparsecastSerdes;
import dev.sparsecast.schemas.signing.SigningKey;
import dev.sparsecast.store.ArtifactStore;
import dev.sparsecast.store.ArtifactStores;
import dev.sparsecast.wanda.Pattern;
import dev.sparsecast.worker.model.ModelOptions;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A pruner: reads statistics, drift, releases and held-out prompts from their topics and makes releases. One thread reads
 * and decides, another makes what was decided. All that it knows stands in the topics, so it may be killed at any moment;
 * a release is made when it is announced.
 */
public final class PrunerService implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(PrunerService.class);

    private final ClusterSettings cluster;
    private final PrunerSettings settings;
    private final MeterRegistry registry;
    private final Clock clock = Clock.systemUTC();
    private final CompletableFuture<Void> termination = new CompletableFuture<>();
    private final Set<String> requested = ConcurrentHashMap.newKeySet();
    private final Thread thread;
    private volatile boolean stopping;
    private volatile @Nullable RefreshLoop loop;

    private PrunerService(ClusterSettings cluster, PrunerSettings settings, MeterRegistry registry) {
        this.cluster = cluster;
        this.settings = settings;
        this.registry = registry;
        this.thread = new Thread(this::run, "pruner");
    }

    /** {@link #start(ClusterSettings, PrunerSettings, MeterRegistry)} without metrics. */
    public static PrunerService start(ClusterSettings cluster, PrunerSettings settings) {
        return start(cluster, settings, new CompositeMeterRegistry());
    }

    /**
     * Starts a pruner; it runs until {@link #close}, or until {@link #termination} says that it failed. Connecting and
     * loading the model happen on its own thread.
     */
    public static PrunerService start(ClusterSettings cluster, PrunerSettings settings, MeterRegistry registry) {
        PrunerService service = new PrunerService(cluster, settings, registry);
        service.thread.start();
        return service;
    }

    /** Completes when the service has ended: normally after {@link #close}, exceptionally with the cause otherwise. */
    public CompletableFuture<Void> termination() {
        return termination.copy();
    }

    /** Whether it has read what was in the topics and makes releases. */
    public boolean isReady() {
        RefreshLoop current = loop;
        return current != null && current.isReady() && !termination.isDone();
    }

    /**
     * Asks for a release as soon as the minima and the rate limit allow it.
     *
     * @throws PrunerException if there is no such sub-model
     */
    public void requestRefresh(String submodel) {
        List<String> names =
                settings.submodels().stream().map(SubModelSpecification::name).toList();
        if (!names.contains(submodel)) {
            throw new PrunerException(
                    "there is no sub-model '" + submodel + "'; there are " + String.join(", ", names));
        }
        requested.add(submodel);
        passRequestsOn();
    }

    private void passRequestsOn() {
        RefreshLoop current = loop;
        if (current != null) {
            requested.removeIf(name -> {
                current.requestRefresh(name);
                return true;
            });
        }
    }

    private void run() {
        try {
            work();
            termination.complete(null);
        } catch (Throwable e) {
            log.atError().setCause(e).log("The pruner ended: {}", e.getMessage());
            termination.completeExceptionally(e);
        }
    }

    /**
     * The order matters. Taking over the announcements comes before reading what was announced: after that nobody else can
     * announce anything, so what is read is all there is. Resources close in reverse.
     */
    private void work() {
        SparsecastSerdes serdes = new SparsecastSerdes(cluster);
        SigningKey key = SigningKey.read(settings.signingKey());
        List<String> languages = settings.submodels().stream()
                .flatMap(submodel -> submodel.groups().stream())
                .map(Group::language)
                .distinct()
                .toList();
        try (Checkpoint base = Checkpoint.open(settings.model());
                ArtifactStore store = ArtifactStores.open(settings.store())) {
            checkPatterns(base);
            String model = base.revision();
            PrunerMetrics metrics = new PrunerMetrics(registry, model);
            DecisionLog decisions = new DecisionLog(settings.state(), model);
            Knowledge knowledge = new Knowledge(model, new SnapshotAssembler(base.config(), clock));
            try (ReleaseAnnouncer announcer = ReleaseAnnouncer.open(cluster, model);
                    TopicReader reader = TopicReader.open(cluster, languages);
                    DeadLetters deadLetters = new DeadLetters(this::deadLetterProducer, reader::hasTopic);
                    RecordIntake intake = new RecordIntake(
                            model, base.digest(), key.verifyingKey(), serdes, knowledge, deadLetters, metrics);
                    QualityGate gate =
                            new QualityGate(base, ModelOptions.defaults().withThreads(settings.threads()));
                    ExecutorService executor =
                            Executors.newSingleThreadExecutor(work -> new Thread(work, "pruner-build"))) {
                Path workspace = settings.state().resolve("builds");
                ReleaseMaker maker = new ReleaseMaker(
                        model,
                        new ReleaseBuilder(base, store, key, announcer, workspace, settings.threads(), clock),
                        store,
                        gate,
                        announcer,
                        decisions,
                        metrics,
                        () -> stopping,
                        clock);
                RefreshLoop started = new RefreshLoop(
                        model, settings.submodels(), reader, intake, knowledge, decisions.rejections(), metrics, clock);
                loop = started;
                passRequestsOn();
                started.run(() -> stopping, maker::make, executor);
            }
        }
    }

    /** What can never work is refused before anything is read. */
    private void checkPatterns(Checkpoint base) {
        for (SubModelSpecification submodel : settings.submodels()) {
            if (submodel.parameters().pattern() instanceof Pattern.NOfM nOfM) {
                for (PrunableModule module : PrunableModule.of(base.config())) {
                    if (module.columns() % nOfM.group() != 0) {
                        throw new PrunerException("sub-model '" + submodel.name() + "' cannot have the pattern "
                                + nOfM.label() + ": module " + module.name() + " has " + module.columns()
                                + " columns, which is no multiple of " + nOfM.group());
                    }
                }
            }
        }
    }

    private KafkaProducer<byte[], byte[]> deadLetterProducer() {
        return new KafkaProducer<>(
                cluster.client(Map.of(ProducerConfig.CLIENT_ID_CONFIG, "sparsecast-pruner-dead-letters")),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }

    /** Finishes what is being stored and announced, drops what is not that far, and waits for all that. */
    @Override
    public void close() {
        stopping = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
