package dev.sparsecast.cli.stack;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import kafka.server.BrokerServer;
import kafka.server.ControllerServer;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import kafka.server.Server;
import kafka.server.SharedServer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.metrics.Metrics;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.bootstrap.BootstrapMetadata;
import org.apache.kafka.metadata.properties.MetaPropertiesEnsemble;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.raft.QuorumConfig;
import org.apache.kafka.server.common.MetadataVersion;
import org.apache.kafka.server.fault.FaultHandler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Tuple2;

/**
 * One Kafka node, broker and controller in one, in this process: Kafka's own server classes, with transactions, on the
 * loopback interface. Made for development and tests: every internal topic has one replica. A directory that was used
 * before keeps its cluster id, topics and records.
 */
public final class EmbeddedBroker implements AutoCloseable {
    static final String HOST = "127.0.0.1";

    private static final Logger log = LoggerFactory.getLogger(EmbeddedBroker.class);
    private static final int NODE = 1;
    private static final Duration SHUTDOWN_LIMIT = Duration.ofSeconds(5);

    private final BoundSockets sockets;
    private final ControllerServer controller;
    private final BrokerServer broker;
    private final AtomicBoolean closed = new AtomicBoolean();

    private EmbeddedBroker(BoundSockets sockets, ControllerServer controller, BrokerServer broker) {
        this.sockets = sockets;
        this.controller = controller;
        this.broker = broker;
    }

    /**
     * Starts the node and returns once it serves clients.
     *
     * @param directory Kafka's log directory; formatted when it is not yet
     * @param port the port to listen on, 0 for any free one
     */
    public static EmbeddedBroker start(Path directory, int port) {
        return start(directory, BoundSockets.reserve(port));
    }

    /** The same with ports that were bound before. */
    static EmbeddedBroker start(Path directory, BoundSockets sockets) {
        EmbeddedBroker embedded;
        try {
            format(directory);
            embedded = assemble(KafkaConfig.fromProps(settings(directory, sockets), false), sockets);
        } catch (Exception e) {
            closeQuietly(sockets);
            throw new StackException(
                    StackException.Reason.FAILED,
                    "The embedded broker cannot use " + directory + ": " + e.getMessage(),
                    e);
        }
        try {
            // The controller goes first, so that the broker finds its end point.
            embedded.controller.startup();
            embedded.broker.startup();
            return embedded;
        } catch (RuntimeException e) {
            embedded.close();
            throw new StackException(
                    StackException.Reason.FAILED, "The embedded broker did not start: " + e.getMessage(), e);
        }
    }

    /** Where clients connect: {@code host:port}. */
    public String bootstrapServers() {
        return HOST + ":" + sockets.brokerPort();
    }

    public String clusterId() {
        return broker.clusterId();
    }

    private static void format(Path directory) throws Exception {
        Files.createDirectories(directory);
        if (Files.exists(directory.resolve(MetaPropertiesEnsemble.META_PROPERTIES_NAME))) {
            return;
        }
        new Formatter()
                .setPrintStream(new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8))
                .setNodeId(NODE)
                .setClusterId(Uuid.randomUuid().toString())
                .addDirectory(directory.toString())
                .setMetadataLogDirectory(directory.toString())
                .setControllerListenerName("CONTROLLER")
                .setReleaseVersion(MetadataVersion.latestProduction())
                .run();
    }

    private static Properties settings(Path directory, BoundSockets sockets) {
        String brokerListener = "BROKER://" + HOST + ":" + sockets.brokerPort();
        String controller = HOST + ":" + sockets.controllerPort();
        Properties settings = new Properties();
        settings.putAll(Map.ofEntries(
                Map.entry("node.id", String.valueOf(NODE)),
                Map.entry("process.roles", "broker,controller"),
                Map.entry("listeners", brokerListener + ",CONTROLLER://" + controller),
                Map.entry("advertised.listeners", brokerListener),
                Map.entry("listener.security.protocol.map", "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT"),
                Map.entry("inter.broker.listener.name", "BROKER"),
                Map.entry("controller.listener.names", "CONTROLLER"),
                Map.entry("controller.quorum.voters", NODE + "@" + controller),
                Map.entry("log.dirs", directory.toString())));
        // One node: one replica of everything, and few partitions of the internal topics, which all start at once.
        settings.putAll(Map.ofEntries(
                Map.entry("auto.create.topics.enable", "false"),
                Map.entry("default.replication.factor", "1"),
                Map.entry("min.insync.replicas", "1"),
                Map.entry("offsets.topic.num.partitions", "4"),
                Map.entry("offsets.topic.replication.factor", "1"),
                Map.entry("transaction.state.log.num.partitions", "4"),
                Map.entry("transaction.state.log.replication.factor", "1"),
                Map.entry("transaction.state.log.min.isr", "1"),
                Map.entry("share.coordinator.state.topic.num.partitions", "1"),
                Map.entry("share.coordinator.state.topic.replication.factor", "1"),
                Map.entry("share.coordinator.state.topic.min.isr", "1")));
        // Small and quick: no wait for more members of a group, transactions of dead producers end soon, little memory.
        settings.putAll(Map.ofEntries(
                Map.entry("group.initial.rebalance.delay.ms", "0"),
                Map.entry("transaction.abort.timed.out.transaction.cleanup.interval.ms", "1000"),
                Map.entry("broker.heartbeat.interval.ms", "500"),
                Map.entry("metadata.max.idle.interval.ms", "5000"),
                Map.entry("num.network.threads", "2"),
                Map.entry("num.io.threads", "4"),
                Map.entry("background.threads", "2"),
                Map.entry("log.cleaner.threads", "1"),
                Map.entry("log.cleaner.dedupe.buffer.size", String.valueOf(8 << 20)),
                Map.entry("log.segment.bytes", String.valueOf(64 << 20)),
                Map.entry("log.index.size.max.bytes", String.valueOf(1 << 20)),
                Map.entry("metric.reporters", "")));
        return settings;
    }

    private static EmbeddedBroker assemble(KafkaConfig config, BoundSockets sockets) {
        Tuple2<MetaPropertiesEnsemble, BootstrapMetadata> storage =
                KafkaRaftServer.initializeLogDirs(config, log, "[embedded broker] ");
        Metrics metrics = Server.initializeMetrics(
                config, Time.SYSTEM, storage._1().clusterId().orElseThrow());
        CompletableFuture<Map<Integer, InetSocketAddress>> voters = CompletableFuture.completedFuture(
                QuorumConfig.parseVoterConnections(config.quorumConfig().voters()));
        SharedServer shared = new SharedServer(
                config, storage._1(), Time.SYSTEM, metrics, voters, List.of(), EmbeddedBroker::faultHandler, sockets);
        return new EmbeddedBroker(
                sockets,
                new ControllerServer(shared, KafkaRaftServer.configSchema(), storage._2()),
                new BrokerServer(shared));
    }

    /** Kafka's own handler ends the process on a fatal fault, which is not for a guest in it to do. */
    private static FaultHandler faultHandler(String name, boolean fatal, Runnable action) {
        return (message, cause) -> {
            log.atError()
                    .setCause(cause)
                    .addKeyValue("handler", name)
                    .addKeyValue("fatal", fatal)
                    .log("Fault in the embedded broker: {}", message);
            action.run();
            return new StackException(
                    StackException.Reason.FAILED, "Fault in the embedded broker (" + name + "): " + message, cause);
        };
    }

    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        // The broker goes first: it hands its leadership over to the controller, which must still be there.
        try {
            broker.shutdown(SHUTDOWN_LIMIT);
        } finally {
            try {
                controller.shutdown();
            } finally {
                closeQuietly(sockets);
            }
        }
    }

    static void closeQuietly(BoundSockets sockets) {
        try {
            sockets.close();
        } catch (IOException e) {
            log.atWarn().setCause(e).log("A server socket did not close");
        }
    }
}
