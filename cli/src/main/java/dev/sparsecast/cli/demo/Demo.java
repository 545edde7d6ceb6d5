package dev.sparsecast.cli.demo;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.cli.terminal.Progress;
import dev.sparsecast.producers.PromptProducer;
import dev.sparsecast.pruner.specification.SubModelSpecification;
import dev.sparsecast.pruner.specification.SubModelSpecification.Gate;
import dev.sparsecast.pruner.specification.SubModelSpecification.Group;
import dev.sparsecast.pruner.specification.SubModelSpecification.Refresh;
import dev.sparsecast.schemas.DriftReport;
import dev.sparsecast.schemas.Prompt;
import dev.sparsecast.schemas.SubModelDeployment;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.ArtifactKind;
import dev.sparsecast.schemas.SubModelRelease.Trigger;
import dev.sparsecast.wanda.Method;
import dev.sparsecast.wanda.Pattern;
import dev.sparsecast.wanda.PruningParameters;
import dev.sparsecast.wanda.mask.SubModelMask;
import dev.sparsecast.wanda.recipe.Recipe;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Tells the story: phase 1 makes six sub-models, phase 2 shifts the Python traffic until its sub-model is refreshed. */
final class Demo implements AutoCloseable {
    private static final Duration POLL = Duration.ofMillis(100);
    private static final Duration PATIENCE = Duration.ofMinutes(3);
    private static final PruningParameters PARAMETERS =
            new PruningParameters(Method.WANDA, Pattern.UNSTRUCTURED, DemoSettings.SPARSITY);

    /** The first release waits for most of phase 1's prompts, so that the tables compare like with like. */
    private static final double FIRST_RELEASE_AFTER = 0.9;

    /** Between two releases of a sub-model: time for most of the shift to be counted before it is acted on. */
    private static final Duration REST = Duration.ofSeconds(20);

    private final DemoSettings settings;
    private final Traffic traffic;
    private final Checkpoint base;
    private final Pipeline pipeline;
    private final Observed observed;
    private final Progress progress;
    private final long start = System.nanoTime();
    private final TreeSet<String> told = new TreeSet<>();
    private final Map<String, SubModelRelease> firstReleases = new LinkedHashMap<>();
    private final Matrices matrices;
    private final List<CompletableFuture<?>> running = new ArrayList<>();
    private volatile boolean stopping;
    private long produced;

    Demo(DemoSettings settings, Progress progress) {
        this.settings = settings;
        this.progress = progress;
        this.traffic = Traffic.read(settings.prompts(), settings.ownCode());
        this.base = Checkpoint.open(settings.model());
        this.matrices = new Matrices(base, Pipeline.MODEL_OPTIONS);
        say("Starting a Kafka broker and a schema registry in this process ...");
        this.pipeline = Pipeline.start(traffic.first().values().stream()
                .flatMap(List::stream)
                .map(Prompt::language)
                .distinct()
                .toList());
        this.observed = new Observed(pipeline.cluster());
        say("Broker " + pipeline.cluster().bootstrapServers() + ", registry "
                + pipeline.cluster().schemaRegistryUrl());
        say("The console is on " + pipeline.startConsole(settings.consolePort()).address());
    }

    Pipeline pipeline() {
        return pipeline;
    }

    /** The whole story. */
    DemoReport tell() {
        pipeline.startServices(settings, base, specifications());
        say("Worker, streams app, pruner and deployer are starting; the model is " + base.revision() + ".");
        say("");
        say("Phase 1: prompts in " + String.join(", ", traffic.first().keySet()) + ".");
        send(traffic.interleaved(), DemoSettings.FIRST_RATE);
        await("a first release of every sub-model to be deployed", this::allFirstDeployed);
        await("all prompts of phase 1 to be counted", this::allCounted);
        traffic.first()
                .keySet()
                .forEach(name -> firstReleases.put(name, observed.releases(name).getFirst()));
        CompletableFuture<Map<String, Map<String, Double>>> firstRows = background("tables", this::firstRows);
        say("");
        say("Phase 2: the Python traffic turns to data science.");
        send(traffic.shift(), DemoSettings.SHIFT_RATE);
        await("the drift of Python to be seen and a refreshed sub-model deployed", this::refreshedAfterDrift);
        await("all prompts to be counted", this::allCounted);
        say("");
        await("the tables", firstRows::isDone);
        return report(firstRows.join());
    }

    private List<SubModelSpecification> specifications() {
        List<SubModelSpecification> specifications = new ArrayList<>();
        traffic.first().forEach((name, prompts) -> {
            Prompt one = prompts.getFirst();
            long minimum = Math.max(1, (long) (FIRST_RELEASE_AFTER * Traffic.counted(prompts)));
            specifications.add(new SubModelSpecification(
                    name,
                    List.of(new Group(one.language(), one.domain(), 1)),
                    PARAMETERS,
                    new Refresh(1_000, minimum, 0, true, Optional.empty(), REST),
                    new Gate(
                            24, Math.min(4, Math.max(1, Traffic.heldOut(prompts).size())), 4, 1.02),
                    java.util.Set.of(ArtifactKind.RECIPE)));
        });
        return specifications;
    }

    /** Sends on a thread of its own while the story is told. */
    private void send(List<Prompt> prompts, double rate) {
        CompletableFuture<PromptProducer.Sent> sending = background("traffic", () -> {
            try (PromptProducer producer = new PromptProducer(pipeline.cluster())) {
                return producer.send(prompts, rate, sent -> throwIfStopping());
            }
        });
        produced += prompts.size();
        await("the prompts to be sent", sending::isDone);
        sending.join();
    }

    private <T> CompletableFuture<T> background(String name, Supplier<T> work) {
        CompletableFuture<T> result = CompletableFuture.supplyAsync(
                work, task -> Thread.ofPlatform().daemon().name(name).start(task));
        running.add(result);
        return result;
    }

    private void await(String what, BooleanSupplier reached) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!reached.getAsBoolean()) {
            if (pipeline.failure().isCompletedExceptionally()) {
                try {
                    pipeline.failure().join();
                } catch (CompletionException e) {
                    throw e.getCause() instanceof DemoException problem
                            ? problem
                            : new DemoException(String.valueOf(e.getMessage()), e);
                }
            }
            throwIfStopping();
            if (System.nanoTime() > deadline) {
                throw new DemoException("waited " + PATIENCE.toMinutes() + " minutes for " + what + ", in vain: "
                        + status() + "; run it again with --verbose to see what the services do");
            }
            observed.read(POLL);
            narrate();
            progress.update(status());
        }
    }

    private String status() {
        String drift = observed.drift("python", "code")
                .map(report -> String.format(
                        Locale.ROOT,
                        ", Python %s (effect %.3f, threshold %.3f)",
                        report.state().name().toLowerCase(Locale.ROOT),
                        report.effect(),
                        report.threshold()))
                .orElse("");
        return String.format(
                Locale.ROOT,
                "%3.0f s: %d prompts sent, %d counted, %d held out%s",
                seconds(),
                observed.prompts(),
                observed.counted(),
                observed.heldOut(),
                drift);
    }

    /** Says every release and deployment once. */
    private void narrate() {
        for (String name : traffic.first().keySet()) {
            for (SubModelRelease release : observed.releases(name)) {
                String label = name + " v" + release.version();
                if (told.add("released " + label)) {
                    say(String.format(
                            Locale.ROOT,
                            "%3.0f s  released %-14s %-6s from %,d tokens of %d prompts: perplexity %.1f (dense %.1f%s)",
                            seconds(),
                            label,
                            release.trigger().label(),
                            release.tokens(),
                            release.prompts(),
                            release.quality().candidate(),
                            release.quality().dense(),
                            release.quality().current().isPresent()
                                    ? String.format(
                                            Locale.ROOT,
                                            ", version in use %.1f",
                                            release.quality().current().getAsDouble())
                                    : ""));
                }
                observed.deployment(release).ifPresent(deployment -> {
                    if (told.add("deployed " + label)) {
                        say(String.format(
                                Locale.ROOT,
                                "%3.0f s  deployed %-14s %.2f s after the snapshot",
                                seconds(),
                                label,
                                snapshotToDeployed(release, deployment)));
                    }
                });
            }
        }
        observed.drift("python", "code").map(DriftReport::state).ifPresent(state -> {
            String lower = state.name().toLowerCase(Locale.ROOT);
            if (!told.contains("drift now " + lower)) {
                told.removeIf(line -> line.startsWith("drift now "));
                told.add("drift now " + lower);
                say(String.format(Locale.ROOT, "%3.0f s  Python is %s", seconds(), lower));
            }
        });
    }

    private void throwIfStopping() {
        if (stopping) {
            throw new DemoException("stopped before the end of the story");
        }
    }

    private boolean allFirstDeployed() {
        return traffic.first().keySet().stream()
                .allMatch(name -> !observed.releases(name).isEmpty()
                        && observed.deployment(observed.releases(name).getFirst())
                                .isPresent());
    }

    private boolean allCounted() {
        return observed.prompts() == produced && observed.counted() + observed.heldOut() == produced;
    }

    private boolean refreshedAfterDrift() {
        return observed.releases(Traffic.SHIFTED).stream()
                .anyMatch(release -> release.trigger() == Trigger.DRIFT
                        && observed.deployment(release).isPresent());
    }

    /** The rows of the dense model, of magnitude pruning and of the first releases. */
    private Map<String, Map<String, Double>> firstRows() {
        Map<String, Optional<SubModelMask>> rows = new LinkedHashMap<>();
        rows.put("dense", Optional.empty());
        rows.put("magnitude", Optional.of(matrices.magnitude(PARAMETERS)));
        firstMasks().forEach((name, mask) -> rows.put(name, Optional.of(mask)));
        return matrices.perplexity(rows, kinds());
    }

    private Map<String, SubModelMask> firstMasks() {
        Map<String, SubModelMask> masks = new LinkedHashMap<>();
        firstReleases.forEach((name, release) -> masks.put(name, maskOf(release)));
        return masks;
    }

    private Map<String, List<Prompt>> kinds() {
        Map<String, List<Prompt>> kinds = new LinkedHashMap<>();
        traffic.first().forEach((name, prompts) -> kinds.put(name, Traffic.heldOut(prompts)));
        kinds.put(Traffic.SHIFT, Traffic.heldOut(traffic.shift()));
        return kinds;
    }

    private DemoReport report(Map<String, Map<String, Double>> firstRows) {
        Map<String, Optional<SubModelMask>> rows = new LinkedHashMap<>();
        for (String name : traffic.first().keySet()) {
            List<SubModelRelease> releases = observed.releases(name);
            releases.subList(1, releases.size())
                    .forEach(release -> rows.put(name + "@" + release.version(), Optional.of(maskOf(release))));
        }
        Map<String, Map<String, Double>> perplexity = new LinkedHashMap<>(firstRows);
        perplexity.putAll(matrices.perplexity(rows, kinds()));
        return new DemoReport(
                produced,
                observed.counted(),
                observed.heldOut(),
                seconds(),
                submodels(),
                perplexity,
                Matrices.maskDifference(firstMasks()));
    }

    private SubModelMask maskOf(SubModelRelease release) {
        Path recipe = settings.store()
                .resolve(release.artifact(ArtifactKind.RECIPE).orElseThrow().uri());
        return Recipe.read(recipe).apply(base, Runtime.getRuntime().availableProcessors());
    }

    private List<DemoReport.SubModel> submodels() {
        long modelBytes = modelBytes();
        List<DemoReport.SubModel> submodels = new ArrayList<>();
        traffic.first().forEach((name, prompts) -> {
            List<DemoReport.Version> versions = new ArrayList<>();
            for (SubModelRelease release : observed.releases(name)) {
                observed.deployment(release)
                        .ifPresent(deployment -> versions.add(new DemoReport.Version(
                                release.version(),
                                release.trigger().label(),
                                release.tokens(),
                                release.prompts(),
                                release.recipe().method(),
                                release.recipe().pattern(),
                                release.recipe().sparsity(),
                                release.quality().dense(),
                                release.quality().candidate(),
                                release.recipe().maskDigest(),
                                release.artifact(ArtifactKind.RECIPE)
                                        .orElseThrow()
                                        .bytes(),
                                modelBytes,
                                snapshotToDeployed(release, deployment),
                                deployment.directory())));
            }
            submodels.add(new DemoReport.SubModel(name, prompts.getFirst().language(), versions));
        });
        return submodels;
    }

    private static double snapshotToDeployed(SubModelRelease release, SubModelDeployment deployment) {
        return Duration.between(release.snapshotAt(), deployment.finishedAt()).toMillis() / 1e3;
    }

    private long modelBytes() {
        try (Stream<Path> files = Files.list(settings.model())) {
            return files.filter(file -> file.toString().endsWith(".safetensors"))
                    .mapToLong(file -> file.toFile().length())
                    .sum();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot list " + settings.model(), e);
        }
    }

    private double seconds() {
        return (System.nanoTime() - start) / 1e9;
    }

    private void say(String line) {
        progress.line(line);
    }

    /** Lets the story end soon; {@link #tell} then throws. */
    void stop() {
        stopping = true;
        matrices.stop();
    }

    /** To be called when {@link #tell} has ended. */
    @Override
    public void close() {
        stop();
        running.forEach(work -> work.exceptionally(problem -> null).join());
        observed.close();
        pipeline.close();
        base.close();
    }
}
