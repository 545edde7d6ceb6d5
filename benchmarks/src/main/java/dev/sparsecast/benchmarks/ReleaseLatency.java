package dev.sparsecast.benchmarks;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.cli.cluster.TopicSetup;
import dev.sparsecast.cli.stack.EmbeddedStack;
import dev.sparsecast.cli.stack.StackOptions;
import dev.sparsecast.deployer.DeployerService;
import dev.sparsecast.deployer.DeployerSettings;
import dev.sparsecast.deployer.SubModelListener;
import dev.sparsecast.producers.PromptFile;
import dev.sparsecast.producers.PromptProducer;
import dev.sparsecast.pruner.service.PrunerService;
import dev.sparsecast.pruner.service.PrunerSettings;
import dev.sparsecast.pruner.specification.SubModelSpecification;
import dev.sparsecast.pruner.specification.SubModelSpecification.Gate;
import dev.sparsecast.pruner.specification.SubModelSpecification.Group;
import dev.sparsecast.pruner.specification.SubModelSpecification.Refresh;
import dev.sparsecast.schemas.HeldOut;
import dev.sparsecast.schemas.Prompt;
import dev.sparsecast.schemas.SubModelDeployment;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.ArtifactKind;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.cluster.TopicCatalogue;
import dev.sparsecast.schemas.signing.SigningKey;
import dev.sparsecast.streams.InstanceSettings;
import dev.sparsecast.streams.StreamsApplication;
import dev.sparsecast.streams.StreamsSettings;
import dev.sparsecast.streams.drift.DriftSettings;
import dev.sparsecast.streams.state.StoreKind;
import dev.sparsecast.streams.statistics.EpochSettings;
import dev.sparsecast.wanda.PruningParameters;
import dev.sparsecast.worker.loop.FlushPolicy;
import dev.sparsecast.worker.loop.InferenceWorker;
import dev.sparsecast.worker.loop.WorkerSettings;
import dev.sparsecast.worker.model.ModelOptions;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;

/**
 * What a refresh ships and how long it takes, from the last prompt of a snapshot to the acknowledgement of its deployment,
 * for each kind of artifact: broker, worker, streams app, pruner and deployer are the real ones, in this process, and the
 * registry is its child.
 *
 * <pre>{@code ReleaseLatency MODEL PROMPTS DIRECTORY [REFRESHES [HELD_OUT_PROMPTS [KIND...]]]}</pre>
 *
 * <p>Each kind has a pruner and a deployer of its own, one after the other. The first two versions of each are not counted:
 * the first has no parent, and in the second the JVM still compiles. A refresh begins with prompts, all but one of which
 * have gone through the model when the last one is sent.
 */
public final class ReleaseLatency {
    /** Prompts of a refresh; the worker flushes when it has so many. */
    private static final int BATCH = 8;

    private static final int WARM_UP_VERSIONS = 2;
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final ClusterSettings cluster;
    private final Checkpoint base;
    private final List<Prompt> texts;
    private final Path directory;
    private final int heldOutPrompts;
    private final MeterRegistry registry = new SimpleMeterRegistry();
    private int next;
    private int sent;

    private ReleaseLatency(
            ClusterSettings cluster, Checkpoint base, List<Prompt> texts, Path directory, int heldOutPrompts) {
        this.cluster = cluster;
        this.base = base;
        this.texts = texts;
        this.directory = directory;
        this.heldOutPrompts = heldOutPrompts;
    }

    /** Runs it. */
    public static void main(String[] arguments) throws Exception {
        List<Prompt> texts = PromptFile.read(Path.of(arguments[1])).prompts();
        Path directory = Files.createDirectories(Path.of(arguments[2]));
        int refreshes = arguments.length > 3 ? Integer.parseInt(arguments[3]) : 3;
        int heldOut = arguments.length > 4 ? Integer.parseInt(arguments[4]) : 16;
        Set<ArtifactKind> kinds = EnumSet.noneOf(ArtifactKind.class);
        for (int i = 5; i < arguments.length; i++) {
            kinds.add(ArtifactKind.valueOf(arguments[i].toUpperCase(Locale.ROOT)));
        }
        if (kinds.isEmpty()) {
            kinds.addAll(EnumSet.allOf(ArtifactKind.class));
        }
        try (EmbeddedStack stack = EmbeddedStack.start(StackOptions.temporary());
                Checkpoint base = Checkpoint.open(Path.of(arguments[0]))) {
            ClusterSettings cluster = new ClusterSettings(stack.bootstrapServers(), stack.schemaRegistryUrl());
            new ReleaseLatency(cluster, base, texts, directory, heldOut).run(kinds, refreshes);
        }
    }

    private void run(Set<ArtifactKind> kinds, int refreshes) throws Exception {
        String language = texts.getFirst().language();
        try (Admin admin = Admin.create(cluster.client(Map.of()))) {
            TopicSetup.create(admin, TopicCatalogue.topics(List.of(language), 2), Optional.empty());
        }
        SigningKey.generate().write(directory.resolve("pruner.key"));
        Map<String, List<ReleaseTimeline>> timelines = new LinkedHashMap<>();
        try (InferenceWorker worker = InferenceWorker.start(
                        new WorkerSettings("benchmark")
                                .withFlush(new FlushPolicy(Long.MAX_VALUE, BATCH, Duration.ofMinutes(10))),
                        cluster,
                        base,
                        ModelOptions.defaults(),
                        registry);
                StreamsApplication streams = StreamsApplication.start(
                        streamsSettings(),
                        InstanceSettings.of(directory.resolve("streams"), "benchmark")
                                .withStores(StoreKind.IN_MEMORY),
                        cluster,
                        registry);
                TopicWatch watch = new TopicWatch(cluster);
                PromptProducer producer = new PromptProducer(cluster)) {
            await(() -> worker.isReady() && streams.isReady() ? Optional.of(true) : Optional.empty());
            sendAll(producer, prompts(Math.ceilDiv(heldOutPrompts, BATCH) * BATCH, true));
            sendAll(producer, prompts(BATCH, false));
            for (ArtifactKind kind : kinds) {
                timelines.put(kind.label(), measure(kind, refreshes, producer, watch));
            }
        }
        System.out.println(ReleaseTimeline.table(timelines));
    }

    /** Epochs of a second, published a second and a half after their end. */
    private static StreamsSettings streamsSettings() {
        return new StreamsSettings(
                new EpochSettings(
                        Duration.ofSeconds(1),
                        Duration.ofMillis(500),
                        Duration.ofMillis(1_500),
                        Duration.ofSeconds(60),
                        1_000_000),
                DriftSettings.defaults());
    }

    private List<ReleaseTimeline> measure(ArtifactKind kind, int refreshes, PromptProducer producer, TopicWatch watch) {
        List<ReleaseTimeline> timelines = new ArrayList<>();
        SubModelSpecification specification = specification(kind);
        Path state = directory.resolve(kind.label());
        try (PrunerService pruner = PrunerService.start(
                        cluster,
                        new PrunerSettings(
                                base.directory(),
                                directory.resolve("store").toString(),
                                directory.resolve("pruner.key"),
                                state.resolve("pruner"),
                                List.of(specification),
                                Runtime.getRuntime().availableProcessors()),
                        registry);
                DeployerService deployer = DeployerService.start(
                        DeployerSettings.of(
                                        kind.label(),
                                        cluster,
                                        base.directory(),
                                        directory.resolve("store").toString(),
                                        state.resolve("deployed"),
                                        List.of(directory.resolve("pruner.pub")))
                                .withSubmodels(Set.of(kind.label()))
                                .withKeepPrevious(0)
                                .withKinds(usable(kind).stream()
                                        .map(ArtifactKind::label)
                                        .collect(Collectors.toSet())),
                        SubModelListener.NONE,
                        registry)) {
            awaitDeployment(watch, kind, 1, pruner, deployer);
            for (int version = 2; version <= WARM_UP_VERSIONS + refreshes; version++) {
                ReleaseTimeline timeline = refresh(kind, version, producer, watch, pruner, deployer);
                if (version > WARM_UP_VERSIONS) {
                    timelines.add(timeline);
                }
            }
        }
        return timelines;
    }

    /** The first version has no delta. */
    private static Set<ArtifactKind> usable(ArtifactKind kind) {
        return kind == ArtifactKind.DELTA ? EnumSet.of(kind, ArtifactKind.MASK) : EnumSet.of(kind);
    }

    private SubModelSpecification specification(ArtifactKind kind) {
        Prompt any = texts.getFirst();
        return new SubModelSpecification(
                kind.label(),
                List.of(new Group(any.language(), any.domain(), 1)),
                PruningParameters.parse("wanda", "unstructured", OptionalDouble.of(0.5)),
                new Refresh(1, 1, 1, false, Optional.empty(), Duration.ZERO),
                new Gate(heldOutPrompts, heldOutPrompts, 100, 100),
                usable(kind));
    }

    private ReleaseTimeline refresh(
            ArtifactKind kind,
            int version,
            PromptProducer producer,
            TopicWatch watch,
            PrunerService pruner,
            DeployerService deployer) {
        Map<String, Double> before = prunerStages();
        List<Prompt> batch = prompts(BATCH, false);
        double through = forwardTokens() + tokens(batch.subList(0, BATCH - 1));
        sendAll(producer, batch.subList(0, BATCH - 1));
        await(() -> forwardTokens() >= through ? Optional.of(true) : Optional.empty());
        sendAll(producer, batch.subList(BATCH - 1, BATCH));
        Instant last = Instant.now();
        TopicWatch.Seen<SubModelDeployment> deployment = awaitDeployment(watch, kind, version, pruner, deployer);
        SubModelRelease release =
                watch.release(kind.label(), version).orElseThrow().value();
        Map<String, Long> stages = new LinkedHashMap<>();
        prunerStages()
                .forEach((stage, total) -> stages.put(stage, Math.round(total - before.getOrDefault(stage, 0.0))));
        TopicWatch.Statistics statistics =
                watch.statistics(release.provenance().getFirst().flushDigest());
        ReleaseTimeline timeline = ReleaseTimeline.of(
                last,
                watch.flush(statistics.newestFlush()),
                statistics.at(),
                stages,
                release,
                deployment.value(),
                deployment.at(),
                release.artifact(kind).orElseThrow().bytes());
        System.err.printf(
                Locale.ROOT,
                "%s version %d: %s %s; gate on %d prompts, %d tokens; %s%n",
                kind.label(),
                version,
                deployment.value().state(),
                deployment.value().reason(),
                release.quality().prompts(),
                release.quality().tokens(),
                timeline);
        return timeline;
    }

    private Map<String, Double> prunerStages() {
        Map<String, Double> stages = new LinkedHashMap<>();
        for (Timer timer : registry.find("sparsecast.pruner.stage").timers()) {
            stages.merge(
                    String.valueOf(timer.getId().getTag("stage")), timer.totalTime(TimeUnit.MILLISECONDS), Double::sum);
        }
        return stages;
    }

    private double forwardTokens() {
        return registry.find("sparsecast.worker.forward.tokens").counters().stream()
                .mapToDouble(counter -> counter.count())
                .sum();
    }

    private double tokens(List<Prompt> prompts) {
        return prompts.stream()
                .mapToLong(prompt -> base.tokenizer().encode(prompt.text()).length)
                .sum();
    }

    private static TopicWatch.Seen<SubModelDeployment> awaitDeployment(
            TopicWatch watch, ArtifactKind kind, int version, PrunerService pruner, DeployerService deployer) {
        return await(() -> {
            if (pruner.termination().isDone()) {
                pruner.termination().join();
            }
            if (deployer.termination().isDone()) {
                deployer.termination().join();
            }
            return watch.deployment(kind.label(), version);
        });
    }

    private static <T> T await(Supplier<Optional<T>> condition) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (System.nanoTime() < deadline) {
            Optional<T> result = condition.get();
            if (result.isPresent()) {
                return result.get();
            }
            try {
                Thread.sleep(10);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted", e);
            }
        }
        throw new IllegalStateException("nothing came for " + PATIENCE);
    }

    /** The next texts, in turn, under new ids that are held out or not. */
    private List<Prompt> prompts(int count, boolean heldOut) {
        List<Prompt> prompts = new ArrayList<>();
        for (int number = sent; prompts.size() < count; number++) {
            String id = "benchmark-" + number;
            if (HeldOut.contains(id) == heldOut) {
                Prompt text = texts.get(next++ % texts.size());
                prompts.add(new Prompt(id, text.language(), text.domain(), text.text(), "source-" + number, Map.of()));
            }
        }
        return prompts;
    }

    private void sendAll(PromptProducer producer, List<Prompt> prompts) {
        producer.send(prompts, Double.POSITIVE_INFINITY, progress -> {});
        sent += 10 * prompts.size() + 100;
    }
}
