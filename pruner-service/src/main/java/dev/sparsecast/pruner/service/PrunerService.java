package dev.sparsecast.pruner.service;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.checkpoint.PrunableModule;
import dev.sparsecast.pruner.command.CommandSender;
import dev.sparsecast.pruner.gate.QualityGate;
import dev.sparsecast.pruner.release.ReleaseBuilder;
import dev.sparsecast.pruner.release.ReleaseHistory;
import dev.sparsecast.pruner.snapshot.SnapshotAssembler;
import dev.sparsecast.pruner.specification.SpecificationException;
import dev.sparsecast.pruner.specification.SpecificationWatch;
import dev.sparsecast.pruner.specification.SubModelSpecification;
import dev.sparsecast.schemas.SubModelCommand;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.serde.SparsecastSerdes;
import dev.sparsecast.schemas.signing.SigningKey;
import dev.sparsecast.schemas.signing.VerifyingKey;
import dev.sparsecast.store.ArtifactStore;
import dev.sparsecast.store.ArtifactStores;
import dev.sparsecast.wanda.Pattern;
import dev.sparsecast.worker.model.ModelOptions;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import java.nio.file.Path;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A pruner: reads statistics, drift, releases and held-out prompts from their topics and makes releases. One thread reads
 * and decides, another makes what was decided. All that it knows stands in the topics, so it may be killed at any moment;
 * a release is made when it is announced. Of several pruners of a model one is in charge, and the others wait to take over
 * ({@link Leadership}).
 */
public final class PrunerService implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(PrunerService.class);

    private final ClusterSettings cluster;
    private final PrunerSettings settings;
    private final MeterRegistry registry;
    private final Clock clock = Clock.systemUTC();
    private final CompletableFuture<Void> termination = new CompletableFuture<>();
    private final Thread thread;
    private volatile boolean stopping;
    private volatile @Nullable RefreshLoop loop;
    private volatile @Nullable Leadership leadership;
    private volatile @Nullable String model;

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

    /** Whether it waits for another pruner of the model, which is in charge, to end. */
    public boolean isStandby() {
        Leadership current = leadership;
        return current != null && current.isWaiting() && !termination.isDone();
    }

    /**
     * Asks for a release as soon as the minima and the rate limit allow it: a command in the topic, like those of the
     * command line.
     *
     * @throws PrunerException if there is no such sub-model
     * @throws dev.sparsecast.pruner.command.CommandException if it cannot be sent
     */
    public void requestRefresh(String submodel) {
        RefreshLoop current = loop;
        Set<String> names = current == null
                ? settings.submodels().stream().map(SubModelSpecification::name).collect(Collectors.toSet())
                : current.names();
        if (!names.contains(submodel)) {
            throw new PrunerException(
                    "there is no sub-model '" + submodel + "'; there are " + String.join(", ", new TreeSet<>(names)));
        }
        String revision = model;
        if (revision == null) {
            throw new PrunerException("the pruner has not read the base model yet; ask again in a moment");
        }
        try (CommandSender sender = CommandSender.open(cluster)) {
            sender.send(new SubModelCommand(
                    UUID.randomUUID().toString(),
                    revision,
                    submodel,
                    SubModelCommand.Action.REFRESH,
                    OptionalInt.empty(),
                    0,
                    "HTTP",
                    "",
                    clock.instant().truncatedTo(ChronoUnit.MILLIS),
                    "",
                    SubModelRelease.Signature.NONE));
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

    private void work() {
        SigningKey key = SigningKey.read(settings.signingKey());
        try (Checkpoint base = Checkpoint.open(settings.model());
                ArtifactStore store = ArtifactStores.open(settings.store())) {
            SpecificationWatch specifications = new SpecificationWatch(
                    settings.submodels(), settings.submodelsFile(), submodels -> usable(submodels, base));
            PrunerMetrics metrics = new PrunerMetrics(registry, base.revision());
            model = base.revision();
            try (Leadership opened = Leadership.open(cluster, base.revision())) {
                leadership = opened;
                while (opened.await(() -> stopping)) {
                    metrics.inCharge(true);
                    lead(base, store, key, specifications, metrics, opened);
                    metrics.inCharge(false);
                }
            }
        }
    }

    /**
     * Makes releases for as long as this pruner is in charge.
     *
     * <p>The order matters. Taking over the announcements comes before reading what was announced: after that nobody else
     * can announce anything, so what is read is all there is. Resources close in reverse.
     */
    private void lead(
            Checkpoint base,
            ArtifactStore store,
            SigningKey key,
            SpecificationWatch specifications,
            PrunerMetrics metrics,
            Leadership held) {
        String revision = base.revision();
        BooleanSupplier over = () -> stopping || !held.isInCharge();
        SparsecastSerdes serdes = new SparsecastSerdes(cluster);
        List<VerifyingKey> trusted = new ArrayList<>(List.of(key.verifyingKey()));
        settings.trustedKeys().forEach(file -> trusted.add(VerifyingKey.read(file)));
        Knowledge knowledge = new Knowledge(revision, new SnapshotAssembler(base.config(), clock));
        try (ReleaseAnnouncer announcer = ReleaseAnnouncer.open(cluster, revision);
                TopicReader reader = TopicReader.open(cluster, specifications.languages());
                DeadLetters deadLetters = new DeadLetters(this::deadLetterProducer, reader::hasTopic);
                RecordIntake intake =
                        new RecordIntake(revision, base.digest(), trusted, serdes, knowledge, deadLetters, metrics);
                QualityGate gate = new QualityGate(base, ModelOptions.defaults().withThreads(settings.threads()));
                ExecutorService executor =
                        Executors.newSingleThreadExecutor(work -> new Thread(work, "pruner-build"))) {
            Path workspace = settings.state().resolve("builds");
            ReleaseBuilder builder =
                    new ReleaseBuilder(base, store, key, announcer, workspace, settings.threads(), clock);
            knowledge.measureChurn(new ReleaseChurn(base, builder, metrics));
            ReleaseHistory history = new ReleaseHistory(store, trusted);
            ReleaseMaker maker = new ReleaseMaker(
                    revision,
                    builder,
                    gate,
                    announcer,
                    new Steering(key.verifyingKey(), builder, history, clock),
                    metrics,
                    over,
                    clock);
            RefreshLoop started = new RefreshLoop(revision, specifications, reader, intake, knowledge, metrics, clock);
            loop = started;
            started.run(held::keep, over, maker, executor);
        } catch (ReplacedException e) {
            log.atWarn().addKeyValue("model", revision).log("Another pruner has taken over; waiting");
            held.giveUp();
        } finally {
            loop = null;
        }
    }

    /** Those of this model. What can never work is refused before anything is made. */
    private static List<SubModelSpecification> usable(List<SubModelSpecification> submodels, Checkpoint base) {
        List<SubModelSpecification> own = submodels.stream()
                .filter(submodel -> submodel.isOf(base.revision(), base.digest()))
                .toList();
        if (own.isEmpty()) {
            throw new SpecificationException(
                    "none of the sub-models is of the base model " + base.revision() + " (" + base.digest() + ")");
        }
        own.forEach(submodel -> checkPattern(submodel, base));
        return own;
    }

    private static void checkPattern(SubModelSpecification submodel, Checkpoint base) {
        if (submodel.parameters().pattern() instanceof Pattern.NOfM nOfM) {
            for (PrunableModule module : PrunableModule.of(base.config())) {
                if (module.columns() % nOfM.group() != 0) {
                    throw new SpecificationException("sub-model '" + submodel.name() + "' cannot have the pattern "
                            + nOfM.label() + ": module " + module.name() + " has " + module.columns()
                            + " columns, which is no multiple of " + nOfM.group());
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
