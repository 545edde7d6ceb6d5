package dev.sparsecast.cli.demo;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.cli.cluster.TopicSetup;
import dev.sparsecast.cli.stack.EmbeddedStack;
import dev.sparsecast.cli.stack.StackOptions;
import dev.sparsecast.console.ConsoleServer;
import dev.sparsecast.console.ConsoleSettings;
import dev.sparsecast.deployer.DeployerService;
import dev.sparsecast.deployer.DeployerSettings;
import dev.sparsecast.deployer.SubModelListener;
import dev.sparsecast.pruner.service.PrunerService;
import dev.sparsecast.pruner.service.PrunerSettings;
import dev.sparsecast.pruner.specification.SubModelSpecification;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.cluster.TopicCatalogue;
import dev.sparsecast.schemas.signing.SigningKey;
import dev.sparsecast.streams.InstanceSettings;
import dev.sparsecast.streams.StreamsApplication;
import dev.sparsecast.streams.StreamsSettings;
import dev.sparsecast.streams.drift.DriftSettings;
import dev.sparsecast.streams.state.StoreKind;
import dev.sparsecast.streams.statistics.EpochSettings;
import dev.sparsecast.worker.loop.FlushPolicy;
import dev.sparsecast.worker.loop.InferenceWorker;
import dev.sparsecast.worker.loop.WorkerSettings;
import dev.sparsecast.worker.model.ModelOptions;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.admin.Admin;
import org.jspecify.annotations.Nullable;

/** All services of Sparsecast in this process, with small settings, on an embedded broker and registry. */
final class Pipeline implements AutoCloseable {
    private static final int PARTITIONS = 4;
    private static final double HALF_LIFE_TOKENS = 5_000;

    /** One thread for each model that runs: worker, gate and tables work at once, and share the cores with a broker. */
    static final ModelOptions MODEL_OPTIONS = ModelOptions.defaults().withThreads(1);

    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private final CompletableFuture<Void> failure = new CompletableFuture<>();
    private final ClusterSettings cluster;

    private Pipeline() {
        EmbeddedStack stack = opened(EmbeddedStack.start(new StackOptions(null, 0, 0)));
        this.cluster = new ClusterSettings(stack.bootstrapServers(), stack.schemaRegistryUrl());
        var unused = stack.registryEnded()
                .thenRun(() -> failure.completeExceptionally(new DemoException("the registry ended by itself")));
    }

    /** Broker, registry and topics; the services follow with {@link #startServices}. */
    static Pipeline start(Collection<String> languages) {
        Pipeline pipeline = new Pipeline();
        try (Admin admin = Admin.create(pipeline.cluster.client(Map.of()))) {
            TopicSetup.create(admin, TopicCatalogue.topics(languages, PARTITIONS), Optional.empty());
            return pipeline;
        } catch (RuntimeException e) {
            pipeline.close();
            throw e;
        }
    }

    ClusterSettings cluster() {
        return cluster;
    }

    /** Fails when a service does; never completes otherwise. */
    CompletableFuture<Void> failure() {
        return failure;
    }

    /** The web page; it stays until the pipeline is closed. */
    ConsoleServer startConsole(int port) {
        return opened(ConsoleServer.start(ConsoleSettings.onPort(port), cluster));
    }

    void startServices(DemoSettings settings, Checkpoint base, List<SubModelSpecification> submodels) {
        MeterRegistry registry = new SimpleMeterRegistry();
        if (!Files.exists(settings.signingKey())) {
            SigningKey.generate().write(settings.signingKey());
        }
        InferenceWorker worker = opened(InferenceWorker.start(
                new WorkerSettings("demo").withFlush(new FlushPolicy(1_500, 8, Duration.ofMillis(700))),
                cluster,
                base,
                MODEL_OPTIONS,
                registry));
        watch("worker", worker.termination());
        StreamsApplication streams = opened(StreamsApplication.start(
                streamsSettings(),
                InstanceSettings.of(settings.state().resolve("streams"), "demo").withStores(StoreKind.IN_MEMORY),
                cluster,
                registry));
        watch("streams app", streams.termination());
        PrunerService pruner = opened(PrunerService.start(
                cluster,
                new PrunerSettings(
                        settings.model(),
                        settings.store().toString(),
                        settings.signingKey(),
                        settings.state().resolve("pruner"),
                        submodels,
                        MODEL_OPTIONS.threads()),
                registry));
        watch("pruner", pruner.termination());
        Path deployed = settings.deployed();
        DeployerService deployer = opened(DeployerService.start(
                DeployerSettings.of(
                        "demo",
                        cluster,
                        settings.model(),
                        settings.store().toString(),
                        deployed,
                        List.of(settings.verifyingKey())),
                new SubModelListener() {},
                registry));
        watch("deployer", deployer.termination());
    }

    private static StreamsSettings streamsSettings() {
        return new StreamsSettings(
                new EpochSettings(
                        Duration.ofSeconds(1),
                        Duration.ofMillis(500),
                        Duration.ofMillis(1_500),
                        Duration.ofSeconds(60),
                        HALF_LIFE_TOKENS),
                DriftSettings.small());
    }

    private void watch(String service, CompletableFuture<Void> termination) {
        var unused = termination.whenComplete((done, problem) -> {
            if (problem != null) {
                failure.completeExceptionally(
                        new DemoException("the " + service + " failed: " + problem.getMessage(), problem));
            }
        });
    }

    private <T extends AutoCloseable> T opened(T service) {
        open.push(service);
        return service;
    }

    /** Stops everything, what was started last first. */
    @Override
    public void close() {
        @Nullable RuntimeException first = null;
        while (!open.isEmpty()) {
            try {
                open.pop().close();
            } catch (Exception e) {
                if (first == null) {
                    first = new DemoException("a service did not stop cleanly: " + e.getMessage(), e);
                }
            }
        }
        if (first != null) {
            throw first;
        }
    }
}
