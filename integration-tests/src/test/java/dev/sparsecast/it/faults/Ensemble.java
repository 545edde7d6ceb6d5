package dev.sparsecast.it.faults;

import dev.sparsecast.cli.cluster.TopicSetup;
import dev.sparsecast.it.SparsecastProcess;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.cluster.TopicCatalogue;
import dev.sparsecast.schemas.cluster.TopicCatalogue.TopicSpecification;
import dev.sparsecast.schemas.signing.SigningKey;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;

/**
 * All services of a small cluster, each a process of its own: broker with registry, two workers, two instances of the
 * streams app, pruner, deployer. Time-outs are as short as the broker allows, so that pauses can outlast them.
 */
final class Ensemble implements AutoCloseable {
    /** Languages and domains that prompts are sent for. */
    static final List<String> LANGUAGES = List.of("python", "en");
    /** How long a process must be paused for the group to take it for dead. */
    static final Duration SESSION_TIMEOUT = Duration.ofSeconds(6);

    static final Duration TRANSACTION_TIMEOUT = Duration.ofSeconds(8);

    /** As many releases as can be, whatever they are worth. */
    private static final String SUBMODELS = """
            submodels:
              - name: python
                groups: [{language: python, domain: code}]
                sparsity: 0.5
                refresh: {minimum_tokens: 500, minimum_prompts: 2, new_tokens: 1500, minimum_interval: 2s}
                gate: {held_out_prompts: 2, minimum_held_out_prompts: 1, largest_ratio_to_dense: 1000, largest_ratio_to_current: 1000}
              - name: mixed
                groups: [{language: python, domain: code}, {language: en, domain: math, weight: 2}]
                pattern: "2:4"
                refresh: {minimum_tokens: 500, minimum_prompts: 2, new_tokens: 1500, minimum_interval: 2s}
                gate: {held_out_prompts: 2, minimum_held_out_prompts: 1, largest_ratio_to_dense: 1000, largest_ratio_to_current: 1000}
                artifacts: [recipe, checkpoint]
            """;

    private final Path directory;
    private final ClusterSettings cluster;
    private final Actor stack;
    private final List<Actor> services = new ArrayList<>();
    private final Thread keeper = new Thread(this::keep, "keeper");
    private volatile boolean closing;

    private Ensemble(Path directory) throws IOException {
        this.directory = directory;
        int brokerPort = freePort();
        int registryPort = freePort();
        cluster = new ClusterSettings(
                "127.0.0.1:" + brokerPort,
                "http://127.0.0.1:" + registryPort + "/apis/ccompat/v7",
                // the producer and the audit wait for a broker that is down for a while
                Map.of("max.block.ms", "3600000", "delivery.timeout.ms", "3600000"));
        stack = new Actor(
                "broker and registry",
                directory,
                0,
                List.of(
                        "stack",
                        "--data",
                        directory.resolve("cluster").toString(),
                        "--port",
                        Integer.toString(brokerPort),
                        "--registry-port",
                        Integer.toString(registryPort)));
    }

    /** Starts everything and waits until all are ready. */
    static Ensemble start(Path directory, Duration epoch) throws Exception {
        Ensemble ensemble = new Ensemble(directory);
        try {
            ensemble.stack.start();
            ensemble.createTopics();
            ensemble.addServices(epoch);
            for (Actor service : ensemble.services) {
                service.start();
            }
            ensemble.keeper.start();
            ensemble.awaitReady(Duration.ofMinutes(5));
            return ensemble;
        } catch (Exception | Error e) {
            ensemble.close();
            throw e;
        }
    }

    static Path model() {
        return SparsecastProcess.root().resolve("demo/models/tiny-coder");
    }

    Path store() {
        return directory.resolve("store");
    }

    Path deployed() {
        return directory.resolve("deployed");
    }

    ClusterSettings cluster() {
        return cluster;
    }

    /** Broker and registry, then the services. */
    List<Actor> actors() {
        List<Actor> actors = new ArrayList<>(List.of(stack));
        actors.addAll(services);
        return actors;
    }

    boolean isReady(Actor actor) {
        return actor == stack ? answers() : actor.isReady();
    }

    void awaitReady(Duration atMost) throws Exception {
        long end = System.nanoTime() + atMost.toNanos();
        for (Actor actor : actors()) {
            while (!isReady(actor)) {
                if (System.nanoTime() > end) {
                    throw new AssertionError(actor.name() + " is not ready after " + atMost.toSeconds()
                            + " s; it started " + actor.starts() + " times, see " + directory);
                }
                Thread.sleep(200);
            }
        }
    }

    private boolean answers() {
        try (Admin admin = admin()) {
            admin.listTopics().names().get();
            return true;
        } catch (ExecutionException | InterruptedException e) {
            return false;
        }
    }

    private Admin admin() {
        return Admin.create(Map.of(
                "bootstrap.servers", cluster.bootstrapServers(),
                "default.api.timeout.ms", 3000,
                "request.timeout.ms", 2000));
    }

    /** The topics, with all of their history kept for the audit. */
    private void createTopics() throws InterruptedException {
        while (!answers()) {
            Thread.sleep(200);
        }
        List<TopicSpecification> topics = TopicCatalogue.topics(LANGUAGES, 3).stream()
                .map(topic -> {
                    Map<String, String> settings = new HashMap<>(topic.settings());
                    settings.put("min.compaction.lag.ms", "86400000");
                    return new TopicSpecification(topic.name(), topic.partitions(), settings);
                })
                .toList();
        try (Admin admin = admin()) {
            TopicSetup.create(admin, topics, Optional.empty());
        }
    }

    private void addServices(Duration epoch) throws IOException {
        Path submodels = Files.writeString(directory.resolve("submodels.yaml"), SUBMODELS);
        Path key = directory.resolve("pruner.key");
        SigningKey.generate().write(key);
        Path publicKey = directory.resolve("pruner.pub");
        String epochSeconds = Double.toString(epoch.toMillis() / 1000.0);
        for (int i = 0; i < 2; i++) {
            service(
                    "worker-" + i,
                    "worker",
                    "--model",
                    model().toString(),
                    "--instance",
                    "worker-" + i,
                    "--flush-prompts",
                    "6",
                    "--flush-seconds",
                    "1",
                    "--kafka.session.timeout.ms=" + SESSION_TIMEOUT.toMillis(),
                    "--kafka.heartbeat.interval.ms=1500",
                    "--kafka.transaction.timeout.ms=" + TRANSACTION_TIMEOUT.toMillis(),
                    "--kafka.delivery.timeout.ms=7000",
                    "--kafka.request.timeout.ms=3000");
        }
        for (int i = 0; i < 2; i++) {
            service(
                    "streams-" + i,
                    "streams",
                    "--state",
                    directory.resolve("streams-" + i).toString(),
                    "--instance",
                    "streams-" + i,
                    "--epoch-seconds",
                    epochSeconds,
                    "--half-life-tokens",
                    "20000",
                    "--drift-window-tokens",
                    "3000",
                    "--kafka.consumer.session.timeout.ms=" + SESSION_TIMEOUT.toMillis(),
                    "--kafka.consumer.heartbeat.interval.ms=1500",
                    "--kafka.producer.transaction.timeout.ms=" + TRANSACTION_TIMEOUT.toMillis());
        }
        service(
                "pruner",
                "pruner",
                "--model",
                model().toString(),
                "--submodels",
                submodels.toString(),
                "--store",
                store().toString(),
                "--signing-key",
                key.toString(),
                "--state",
                directory.resolve("pruner").toString(),
                "--threads",
                "1");
        service(
                "deployer",
                "deploy",
                "--model",
                model().toString(),
                "--store",
                store().toString(),
                "--state",
                deployed().toString(),
                "--trusted-key",
                publicKey.toString());
    }

    private void service(String name, String... command) throws IOException {
        List<String> arguments = new ArrayList<>(List.of(command));
        arguments.addAll(List.of("--bootstrap-servers", cluster.bootstrapServers()));
        arguments.addAll(List.of("--schema-registry-url", cluster.schemaRegistryUrl()));
        services.add(new Actor(name, directory, freePort(), arguments));
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            return socket.getLocalPort();
        }
    }

    private void keep() {
        try {
            while (!closing) {
                for (Actor actor : actors()) {
                    actor.keep();
                }
                Thread.sleep(200);
            }
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException("cannot keep the services running", e);
        }
    }

    /** Stops all services in order; returns the exit codes by name. The broker goes on. */
    Map<String, Integer> stopServices() throws Exception {
        Map<String, Integer> codes = new TreeMap<>();
        for (Actor service : services) {
            codes.put(service.name(), service.stop());
        }
        return codes;
    }

    @Override
    public void close() {
        closing = true;
        actors().forEach(Actor::close);
    }
}
