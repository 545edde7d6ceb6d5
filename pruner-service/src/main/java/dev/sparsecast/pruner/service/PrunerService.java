package dev.sparsecast.pruner.service;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.pruner.gate.GateVerdict;
import dev.sparsecast.pruner.gate.HeldOutPrompts;
import dev.sparsecast.pruner.gate.QualityGate;
import dev.sparsecast.pruner.refresh.RefreshDecision;
import dev.sparsecast.pruner.refresh.RefreshPolicy;
import dev.sparsecast.pruner.release.Candidate;
import dev.sparsecast.pruner.release.ReleaseBuilder;
import dev.sparsecast.pruner.snapshot.GroupSnapshot;
import dev.sparsecast.pruner.snapshot.SnapshotAssembler;
import dev.sparsecast.pruner.specification.SubModelSpecification;
import dev.sparsecast.schemas.DriftReport;
import dev.sparsecast.schemas.FlushDigest;
import dev.sparsecast.schemas.GroupKey;
import dev.sparsecast.schemas.LayerKey;
import dev.sparsecast.schemas.Prompt;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.Trigger;
import dev.sparsecast.schemas.Topics;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.serde.SparsecastSerdes;
import dev.sparsecast.schemas.signing.SigningKey;
import dev.sparsecast.store.ArtifactStore;
import dev.sparsecast.store.ArtifactStores;
import dev.sparsecast.wanda.mask.SubModelMask;
import dev.sparsecast.worker.model.ModelOptions;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads statistics, drift, releases and held-out prompts from their topics and makes releases. One thread does everything
 * in turn, so what it knows needs no locks; what it knows stands in the topics, so it may be killed at any moment. A
 * release is made when it is announced.
 */
public final class PrunerService implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(PrunerService.class);
    private static final Duration POLL = Duration.ofMillis(200);
    private static final int HELD_OUT_PER_GROUP = 512;

    private final ClusterSettings cluster;
    private final PrunerSettings settings;
    private final Clock clock;
    private final Deserializer<dev.sparsecast.schemas.ActivationStatistics> statisticsDeserializer;
    private final Deserializer<DriftReport> driftDeserializer;
    private final Deserializer<SubModelRelease> releaseDeserializer;
    private final Deserializer<Prompt> promptDeserializer;

    private final SnapshotAssembler assembler;
    private final HeldOutPrompts heldOut = new HeldOutPrompts(HELD_OUT_PER_GROUP);
    private final Map<GroupKey, DriftReport> drift = new HashMap<>();
    private final Map<String, SubModelRelease> releases = new HashMap<>();
    private final Map<String, SubModelMask> masks = new HashMap<>();
    private final Map<String, List<FlushDigest>> judged = new HashMap<>();
    private final Set<String> commanded = ConcurrentHashMap.newKeySet();

    private final CompletableFuture<Void> termination = new CompletableFuture<>();
    private final Thread thread;
    private volatile boolean stopping;
    private volatile boolean ready;

    private PrunerService(ClusterSettings cluster, PrunerSettings settings, Clock clock) {
        this.cluster = cluster;
        this.settings = settings;
        this.clock = clock;
        this.assembler = new SnapshotAssembler(clock);
        SparsecastSerdes serdes = new SparsecastSerdes(cluster);
        this.statisticsDeserializer = serdes.activationStatistics().deserializer();
        this.driftDeserializer = serdes.driftReports().deserializer();
        this.releaseDeserializer = serdes.releases().deserializer();
        this.promptDeserializer = serdes.prompts().deserializer();
        this.thread = new Thread(this::run, "pruner");
    }

    /** Starts a pruner; it runs until {@link #close}, or until {@link #termination} says that it failed. */
    public static PrunerService start(ClusterSettings cluster, PrunerSettings settings) {
        PrunerService service = new PrunerService(cluster, settings, Clock.systemUTC());
        service.thread.start();
        return service;
    }

    /** Completes when the service has ended, exceptionally if it failed. */
    public CompletableFuture<Void> termination() {
        return termination;
    }

    /** Whether it has read what was in the topics and makes releases. */
    public boolean isReady() {
        return ready;
    }

    /**
     * Asks for a release as soon as the minima and the rate limit allow it.
     *
     * @throws PrunerException if there is no such sub-model
     */
    public void requestRefresh(String submodel) {
        if (settings.submodels().stream()
                .noneMatch(specification -> specification.name().equals(submodel))) {
            throw new PrunerException("there is no sub-model '" + submodel + "'");
        }
        commanded.add(submodel);
    }

    private void run() {
        try (Checkpoint base = Checkpoint.open(settings.model());
                ArtifactStore store = ArtifactStores.open(settings.store());
                QualityGate gate = new QualityGate(base, ModelOptions.defaults().withThreads(settings.threads()));
                ReleaseAnnouncer announcer = new ReleaseAnnouncer(cluster, base.revision());
                TopicReader reader = new TopicReader(cluster)) {
            ReleaseBuilder builder =
                    new ReleaseBuilder(base, store, SigningKey.read(settings.signingKey()), settings.threads(), clock);
            DecisionLog decisions = new DecisionLog(settings.state());
            Work work = new Work(base.revision(), gate, announcer, builder, decisions);
            while (!stopping) {
                for (ConsumerRecord<String, byte[]> record : reader.poll(POLL)) {
                    take(record, base.revision());
                }
                if (reader.isCaughtUp()) {
                    ready = true;
                    for (SubModelSpecification specification : settings.submodels()) {
                        if (!stopping) {
                            work.refresh(specification);
                        }
                    }
                }
            }
            termination.complete(null);
        } catch (RuntimeException | Error e) {
            log.atError().setCause(e).log("The pruner ended");
            termination.completeExceptionally(e);
        } finally {
            ready = false;
        }
    }

    /** A record that cannot be read is passed over: it can spoil no release, since only complete snapshots count. */
    private void take(ConsumerRecord<String, byte[]> record, String model) {
        try {
            switch (record.topic()) {
                case Topics.ACTIVATION_STATISTICS -> takeStatistics(record, model);
                case Topics.ACTIVATION_DRIFT -> takeDrift(record, model);
                case Topics.SUBMODEL_RELEASES -> takeRelease(record, model);
                default -> takePrompt(record);
            }
        } catch (SerializationException | IllegalArgumentException e) {
            log.atWarn()
                    .addKeyValue("topic", record.topic())
                    .addKeyValue("partition", record.partition())
                    .addKeyValue("offset", record.offset())
                    .addKeyValue("reason", e.getMessage())
                    .log("Passed over a record that cannot be read");
        }
    }

    private void takeStatistics(ConsumerRecord<String, byte[]> record, String model) {
        LayerKey key = LayerKey.parse(record.key());
        var statistics = statisticsDeserializer.deserialize(record.topic(), record.value());
        if (statistics != null && key.group().model().equals(model)) {
            assembler
                    .add(key, statistics)
                    .ifPresent(snapshot -> log.atDebug()
                            .addKeyValue("language", key.group().language())
                            .addKeyValue("domain", key.group().domain())
                            .addKeyValue("epoch", snapshot.epoch())
                            .addKeyValue("tokens", snapshot.tokens())
                            .log("Snapshot complete"));
        }
    }

    private void takeDrift(ConsumerRecord<String, byte[]> record, String model) {
        GroupKey group = GroupKey.parse(record.key());
        DriftReport report = driftDeserializer.deserialize(record.topic(), record.value());
        if (report != null && group.model().equals(model)) {
            drift.put(group, report);
        }
    }

    private void takeRelease(ConsumerRecord<String, byte[]> record, String model) {
        SubModelRelease release = releaseDeserializer.deserialize(record.topic(), record.value());
        if (release != null && release.model().equals(model)) {
            SubModelRelease known = releases.get(release.submodel());
            if (known == null || known.version() < release.version()) {
                releases.put(release.submodel(), release);
                masks.remove(release.submodel());
            }
        }
    }

    private void takePrompt(ConsumerRecord<String, byte[]> record) {
        Prompt prompt = promptDeserializer.deserialize(record.topic(), record.value());
        if (prompt != null) {
            heldOut.add(prompt);
        }
    }

    /** What making a release needs. */
    private final class Work {
        private final String model;
        private final QualityGate gate;
        private final ReleaseAnnouncer announcer;
        private final ReleaseBuilder builder;
        private final DecisionLog decisions;

        Work(
                String model,
                QualityGate gate,
                ReleaseAnnouncer announcer,
                ReleaseBuilder builder,
                DecisionLog decisions) {
            this.model = model;
            this.gate = gate;
            this.announcer = announcer;
            this.builder = builder;
            this.decisions = decisions;
        }

        void refresh(SubModelSpecification specification) {
            List<GroupSnapshot> snapshots = snapshots(specification);
            if (snapshots.size() < specification.groups().size()) {
                return;
            }
            Optional<SubModelRelease> current = Optional.ofNullable(releases.get(specification.name()));
            RefreshDecision decision = RefreshPolicy.decide(
                    specification,
                    snapshots,
                    current,
                    driftOf(specification),
                    commanded.contains(specification.name()),
                    clock.instant());
            if (decision instanceof RefreshDecision.Release(Trigger trigger)) {
                List<FlushDigest> content =
                        snapshots.stream().map(GroupSnapshot::flushDigest).toList();
                if (!content.equals(judged.get(specification.name()))) {
                    make(specification, trigger, snapshots, current, content);
                }
            }
        }

        private void make(
                SubModelSpecification specification,
                Trigger trigger,
                List<GroupSnapshot> snapshots,
                Optional<SubModelRelease> current,
                List<FlushDigest> content) {
            List<Prompt> prompts = new ArrayList<>();
            for (SubModelSpecification.Group group : specification.groups()) {
                prompts.addAll(heldOut.newest(
                        group.language(), group.domain(), specification.gate().heldOutPrompts()));
            }
            if (prompts.size() < specification.gate().minimumHeldOutPrompts()) {
                return;
            }
            long start = System.nanoTime();
            Candidate candidate = builder.prune(specification, trigger, snapshots);
            long pruned = System.nanoTime();
            Optional<SubModelMask> currentMask = current.map(
                    release -> masks.computeIfAbsent(specification.name(), ignored -> builder.maskOf(release)));
            switch (gate.judge(specification.gate(), prompts, candidate.mask(), currentMask)) {
                case GateVerdict.Undecided(String reason) ->
                    log.atInfo()
                            .addKeyValue("submodel", specification.name())
                            .addKeyValue("reason", reason)
                            .log("The gate waits");
                case GateVerdict.Rejected(var quality, String reason) -> {
                    judged.put(specification.name(), content);
                    decisions.append(
                            clock.instant(),
                            specification.name(),
                            trigger,
                            candidate.mask().digest(),
                            "rejected",
                            reason,
                            quality);
                    log.atWarn()
                            .addKeyValue("submodel", specification.name())
                            .addKeyValue("trigger", trigger.label())
                            .addKeyValue("reason", reason)
                            .log("Candidate rejected");
                }
                case GateVerdict.Promoted(var quality) -> {
                    long judgedAt = System.nanoTime();
                    SubModelRelease release = builder.build(candidate, quality, current);
                    long stored = System.nanoTime();
                    announcer.announce(release);
                    releases.put(specification.name(), release);
                    masks.put(specification.name(), candidate.mask());
                    commanded.remove(specification.name());
                    decisions.append(
                            clock.instant(),
                            specification.name(),
                            trigger,
                            candidate.mask().digest(),
                            "promoted",
                            "",
                            quality);
                    log.atInfo()
                            .addKeyValue("submodel", specification.name())
                            .addKeyValue("version", release.version())
                            .addKeyValue("trigger", trigger.label())
                            .addKeyValue("tokens", release.tokens())
                            .addKeyValue("prune_ms", (pruned - start) / 1_000_000)
                            .addKeyValue("gate_ms", (judgedAt - pruned) / 1_000_000)
                            .addKeyValue("store_ms", (stored - judgedAt) / 1_000_000)
                            .log("Released");
                }
            }
        }

        private List<GroupSnapshot> snapshots(SubModelSpecification specification) {
            return specification.groups().stream()
                    .map(group -> assembler.newest(new GroupKey(model, group.language(), group.domain())))
                    .flatMap(Optional::stream)
                    .toList();
        }

        private Map<String, DriftReport> driftOf(SubModelSpecification specification) {
            Map<String, DriftReport> reports = new HashMap<>();
            for (SubModelSpecification.Group group : specification.groups()) {
                DriftReport report = drift.get(new GroupKey(model, group.language(), group.domain()));
                if (report != null) {
                    reports.put(group.language() + "/" + group.domain(), report);
                }
            }
            return reports;
        }
    }

    /** Finishes what is being made and stops. */
    @Override
    public void close() {
        stopping = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        statisticsDeserializer.close();
        driftDeserializer.close();
        releaseDeserializer.close();
        promptDeserializer.close();
    }
}
