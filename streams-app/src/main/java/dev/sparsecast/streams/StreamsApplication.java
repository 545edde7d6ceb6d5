package dev.sparsecast.streams;

import dev.sparsecast.schemas.Topics;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.serde.SparsecastSerdes;
import dev.sparsecast.streams.query.StatisticsApi;
import dev.sparsecast.streams.statistics.EpochSettings;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.kafka.KafkaStreamsMetrics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KafkaStreams.State;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.MissingSourceTopicException;
import org.apache.kafka.streams.errors.ProcessorStateException;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.state.HostInfo;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One instance of the streams app. It ends when it is closed or when it cannot go on; what it had not committed by then is
 * done again by whoever takes over its partitions, itself after a restart.
 */
public final class StreamsApplication implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StreamsApplication.class);

    /** Topics that must be there before it starts. */
    private static final List<String> TOPICS = List.of(
            Topics.ACTIVATION_NORMS,
            Topics.ACTIVATION_STATISTICS,
            Topics.ACTIVATION_DRIFT,
            Topics.SUBMODEL_RELEASES,
            Topics.deadLetters(Topics.ACTIVATION_NORMS));

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final InstanceSettings instance;
    private final KafkaStreams streams;
    private final StatisticsApi api;
    private final KafkaStreamsMetrics metrics;
    private final MeterRegistry registry;
    private final CompletableFuture<Void> running = new CompletableFuture<>();
    private final CompletableFuture<Void> termination = new CompletableFuture<>();
    private volatile @Nullable Throwable failure;

    private StreamsApplication(
            InstanceSettings instance, KafkaStreams streams, StatisticsApi api, MeterRegistry registry) {
        this.instance = instance;
        this.streams = streams;
        this.api = api;
        this.metrics = new KafkaStreamsMetrics(streams);
        this.registry = registry;
        streams.setStateListener(this::changed);
        streams.setUncaughtExceptionHandler(this::failed);
    }

    /**
     * Starts an instance. What goes wrong later is told by {@link #termination}.
     *
     * @throws StreamsException if the broker does not answer, topics are missing or settings contradict each other
     */
    public static StreamsApplication start(
            StreamsSettings settings, InstanceSettings instance, ClusterSettings cluster, MeterRegistry registry) {
        Map<String, Object> kafka = instance.kafkaStreams(cluster);
        requireTopics(cluster);
        Topology topology = SparsecastTopology.build(settings, instance.stores(), new SparsecastSerdes(cluster));
        StreamsApplication application = create(settings.epochs(), instance, topology, kafka, registry);
        try {
            application.streams.start();
        } catch (ProcessorStateException e) {
            LOG.atWarn()
                    .addKeyValue("instance", instance.instance())
                    .log(
                            "The local state cannot be opened, as when a process is killed while it makes its stores; it is"
                                    + " deleted and restored from the changelogs: {}",
                            e.getMessage());
            application.close();
            application = create(settings.epochs(), instance, topology, kafka, registry);
            application.streams.cleanUp();
            application.streams.start();
        }
        LOG.atInfo()
                .addKeyValue("application", instance.applicationId())
                .addKeyValue("instance", instance.instance())
                .log("The streams app starts");
        return application;
    }

    private static StreamsApplication create(
            EpochSettings epochs,
            InstanceSettings instance,
            Topology topology,
            Map<String, Object> kafka,
            MeterRegistry registry) {
        Properties properties = new Properties();
        properties.putAll(kafka);
        try {
            KafkaStreams streams = new KafkaStreams(topology, properties);
            HostInfo self = instance.address().isEmpty()
                    ? HostInfo.unavailable()
                    : Objects.requireNonNull(HostInfo.buildFromEndpoint(instance.address()));
            return new StreamsApplication(
                    instance,
                    streams,
                    new StatisticsApi(streams, epochs, self, topology.describe().toString()),
                    registry);
        } catch (KafkaException e) {
            throw new StreamsException("the streams app cannot start: " + rootMessage(e), e);
        }
    }

    /** The same, with meters that nobody reads. */
    public static StreamsApplication start(
            StreamsSettings settings, InstanceSettings instance, ClusterSettings cluster) {
        return start(settings, instance, cluster, new SimpleMeterRegistry());
    }

    private static void requireTopics(ClusterSettings cluster) {
        Map<String, Object> own = new HashMap<>();
        own.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, (int) PATIENCE.toMillis());
        own.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, (int) PATIENCE.toMillis() / 2);
        Set<String> missing = new TreeSet<>(TOPICS);
        try (Admin admin = Admin.create(cluster.client(own))) {
            missing.removeAll(admin.listTopics().names().get(PATIENCE.toSeconds(), TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StreamsException("interrupted while asking the broker for its topics", e);
        } catch (ExecutionException | java.util.concurrent.TimeoutException | KafkaException e) {
            throw unreachable(cluster, e);
        }
        if (!missing.isEmpty()) {
            throw new StreamsException("the broker at " + cluster.bootstrapServers() + " lacks the topics "
                    + String.join(", ", missing) + ": create them with 'sparsecast topics'");
        }
    }

    private static StreamsException unreachable(ClusterSettings cluster, Exception failure) {
        boolean isSilent = failure.getCause() instanceof TimeoutException
                || failure instanceof java.util.concurrent.TimeoutException;
        return new StreamsException(
                isSilent
                        ? "no Kafka broker answers at " + cluster.bootstrapServers()
                                + ": check the address and whether it runs"
                        : "the Kafka broker at " + cluster.bootstrapServers() + " cannot be asked for its topics: "
                                + rootMessage(failure),
                failure);
    }

    /** Completes once all stores are restored and partitions are being read. */
    public CompletableFuture<Void> ready() {
        return running.copy();
    }

    /** Completes when the instance has ended: normally after {@link #close}, exceptionally with the cause otherwise. */
    public CompletableFuture<Void> termination() {
        return termination.copy();
    }

    /** Whether it reads partitions right now; not so for a while whenever partitions move. */
    public boolean isReady() {
        return streams.state() == State.RUNNING;
    }

    /** Whether it has not given up. Rebalancing is alive, too. */
    public boolean isAlive() {
        return !termination.isDone() && streams.state() != State.ERROR;
    }

    /** Answers questions about what is in the stores of this and the other instances. */
    public StatisticsApi api() {
        return api;
    }

    /**
     * Commits, stops and waits for that. The instance stays a member of the group, so that a restart finds its partitions
     * and their state again; another instance takes them over only after the session timeout.
     */
    @Override
    public void close() {
        close(CloseOptions.GroupMembershipOperation.REMAIN_IN_GROUP);
    }

    /** The same, but leaves the group at once: others take over without waiting. For an instance that will not be back. */
    public void leave() {
        close(CloseOptions.GroupMembershipOperation.LEAVE_GROUP);
    }

    private void close(CloseOptions.GroupMembershipOperation membership) {
        boolean isClosed = streams.close(CloseOptions.timeout(PATIENCE).withGroupMembershipOperation(membership));
        if (!isClosed) {
            LOG.atWarn()
                    .addKeyValue("instance", instance.instance())
                    .log("The streams app did not stop within {}", PATIENCE);
        }
        metrics.close();
        api.close();
        end();
    }

    private void changed(State now, State before) {
        LOG.atInfo()
                .addKeyValue("instance", instance.instance())
                .log("The streams app went from {} to {}", before, now);
        switch (now) {
            case RUNNING -> {
                if (running.complete(null)) {
                    metrics.bindTo(
                            registry); // not before: it looks only once a minute for meters of stores opened later
                }
            }
            case ERROR, NOT_RUNNING -> end();
            case CREATED, REBALANCING, PENDING_SHUTDOWN, PENDING_ERROR -> {}
        }
    }

    private StreamThreadExceptionResponse failed(Throwable exception) {
        failure = exception;
        LOG.atError()
                .addKeyValue("instance", instance.instance())
                .setCause(exception)
                .log("The streams app ends: {}", rootMessage(exception));
        return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
    }

    private void end() {
        Throwable cause = failure;
        if (cause == null) {
            termination.complete(null);
            running.completeExceptionally(new StreamsException("the streams app was closed"));
        } else {
            StreamsException told = explained(cause);
            termination.completeExceptionally(told);
            running.completeExceptionally(told);
        }
    }

    private static StreamsException explained(Throwable cause) {
        for (@Nullable Throwable at = cause; at != null; at = at.getCause()) {
            if (at instanceof MissingSourceTopicException) {
                return new StreamsException(
                        "a topic that the streams app reads was deleted: create it with 'sparsecast topics' and start again",
                        cause);
            }
        }
        return new StreamsException("the streams app ended: " + rootMessage(cause), cause);
    }

    private static String rootMessage(Throwable error) {
        Throwable root = error;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
    }
}
