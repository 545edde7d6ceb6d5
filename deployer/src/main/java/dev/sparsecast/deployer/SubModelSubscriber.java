package dev.sparsecast.deployer;

import dev.sparsecast.deployer.hook.Hook;
import dev.sparsecast.deployer.installation.Announcement;
import dev.sparsecast.deployer.rollout.Acknowledgements;
import dev.sparsecast.deployer.rollout.RolloutRule;
import dev.sparsecast.schemas.SubModelDeployment;
import dev.sparsecast.schemas.SubModelKey;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.Topics;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.serde.SparsecastSerdes;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serde;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows the releases of sub-models of one base model, and keeps the newest good version of each in a directory:
 * {@code <state>/<submodel>/current} is a link to a Hugging Face model directory, and is switched atomically. Each release
 * is checked against its signature, the base model and the mask that it promises before anything points to it, and
 * acknowledged on {@code submodel-deployments} afterwards.
 *
 * <p>For use in a process that serves a model, on a thread of its own ({@code docs/deploying.md} has a complete example):
 *
 * <pre>{@code
 * DeployerSettings settings = DeployerSettings.of(
 *         "inference-1",
 *         "broker:9092",
 *         "http://registry:8080/apis/ccompat/v7",
 *         Path.of("models/tiny-coder"),
 *         "file:///srv/sparsecast/store",
 *         Path.of("state"),
 *         List.of(Path.of("keys/pruner.pub")));
 *
 * SubModelListener listener = new SubModelListener() {
 *     @Override
 *     public void switched(String submodel, int version, Path directory) {
 *         server.load(directory); // an exception switches back to the version before
 *     }
 * };
 *
 * try (DeployerService deployer = DeployerService.start(settings, listener)) {
 *     deployer.termination().join();
 * }
 * }</pre>
 *
 * <p>Or, without a thread, {@link #open} and {@link #run}. A subscriber that was killed at any point, and is opened again
 * with the same settings, ends in the same state as one that was not.
 */
public final class SubModelSubscriber implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SubModelSubscriber.class);
    private static final Duration POLL = Duration.ofMillis(500);
    private static final Duration RECHECK = Duration.ofSeconds(2);
    private static final long REGISTRY_PAUSE_SECONDS = 1;

    private final String deployer;
    private final SubModelListener listener;
    private final DeployerMetrics metrics;
    private final LocalDeployer local;
    private final Consumer<byte @Nullable [], byte @Nullable []> consumer;
    private final Producer<byte[], byte[]> producer;
    private final Serde<SubModelRelease> releases;
    private final Serde<SubModelDeployment> deployments;
    private final DeployerTopics topics;
    private final RecordReader reader;
    private final DeploymentPublisher publisher;
    private final Acknowledgements acknowledgements;
    private final List<Pending> pending = new ArrayList<>();
    private final CountDownLatch stopping = new CountDownLatch(1);
    private long checkedAt = System.nanoTime();

    /** A release that is not dealt with, and where it was read. */
    private record Pending(TopicPartition partition, long offset, Announcement announcement) {}

    private SubModelSubscriber(
            DeployerSettings settings,
            SubModelListener listener,
            DeployerMetrics metrics,
            LocalDeployer local,
            Acknowledgements acknowledgements) {
        this.acknowledgements = acknowledgements;
        this.deployer = settings.deployer();
        this.listener = listener;
        this.metrics = metrics;
        this.local = local;
        SparsecastSerdes serdes = new SparsecastSerdes(settings.cluster());
        this.releases = serdes.releases();
        this.deployments = serdes.deployments();
        this.consumer = new KafkaConsumer<>(
                consumerSettings(settings.cluster(), settings.deployer()),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
        this.producer = new KafkaProducer<>(
                producerSettings(settings.cluster(), settings.deployer()),
                new ByteArraySerializer(),
                new ByteArraySerializer());
        this.topics = new DeployerTopics(consumer);
        this.reader = new RecordReader(releases.deserializer(), deployments.deserializer());
        this.publisher = new DeploymentPublisher(producer, deployments.serializer());
        local.current().forEach(metrics::switched);
    }

    /**
     * Opens base model, keys, store and state directory, and tidies up what was interrupted. Kafka is not asked yet.
     *
     * @throws RuntimeException with one sentence on what cannot be used: {@link DeployerException},
     *     {@link dev.sparsecast.checkpoint.CheckpointException}, {@link dev.sparsecast.schemas.signing.KeyException},
     *     {@link dev.sparsecast.store.StoreException} or {@link dev.sparsecast.deployer.state.StateException}
     */
    public static SubModelSubscriber open(
            DeployerSettings settings, SubModelListener listener, MeterRegistry registry) {
        DeployerMetrics metrics = new DeployerMetrics(registry);
        List<Hook> hooks = new ArrayList<>(settings.hooks());
        hooks.add(switched -> metrics.switched(switched.submodel(), switched.version()));
        hooks.add(hook(listener));
        Acknowledgements acknowledgements = new Acknowledgements();
        RolloutRule rule = new RolloutRule(settings.deployer(), settings.canaryPatience(), InstantSource.system());
        LocalDeployer local =
                LocalDeployer.open(settings, hooks, metrics, release -> rule.turn(release, acknowledgements));
        try {
            return new SubModelSubscriber(settings, listener, metrics, local, acknowledgements);
        } catch (KafkaException e) {
            local.close();
            throw new DeployerException("the Kafka settings cannot be used: " + e.getMessage(), e);
        }
    }

    private static Hook hook(SubModelListener listener) {
        return switched -> listener.switched(switched.submodel(), switched.version(), switched.directory());
    }

    /** The versions in use, by sub-model. */
    public SortedMap<String, Integer> current() {
        return local.current();
    }

    /**
     * Follows the releases until {@link #stop} is called.
     *
     * @throws RuntimeException with one sentence on why it cannot go on; nothing is lost by starting again
     */
    public void run() {
        try {
            LOG.atInfo()
                    .addKeyValue("model", local.revision())
                    .addKeyValue("topic", Topics.SUBMODEL_RELEASES)
                    .log("following releases; in use: {}", local.current());
            local.keysChanged();
            local.resume(hook(listener));
            handle(topics.open());
            reportRevoked();
            while (!isStopping()) {
                if (local.keysChanged()) {
                    // what was refused for its key may be welcome now
                    pending.clear();
                    handle(topics.readAll());
                    reportRevoked();
                } else {
                    handle(topics.poll(POLL));
                }
            }
        } catch (WakeupException e) {
            if (!isStopping()) {
                throw e;
            }
        } catch (KafkaException e) {
            throw new DeployerException("Kafka failed (" + e.getMessage() + "): check the broker and start again", e);
        }
    }

    /** Makes {@link #run} return once the release at hand is finished; may be called by any thread. */
    public void stop() {
        stopping.countDown();
        consumer.wakeup();
    }

    private boolean isStopping() {
        return stopping.getCount() == 0;
    }

    private void handle(List<ConsumerRecord<byte @Nullable [], byte @Nullable []>> messages) {
        boolean news = false;
        for (ConsumerRecord<byte @Nullable [], byte @Nullable []> message : messages) {
            Optional<RecordReader.Read> read = read(message);
            if (read.isEmpty()) {
                return; // stopped while the registry was away: read again by the next run
            }
            news |= take(message, read.get());
        }
        boolean due = System.nanoTime() - checkedAt >= RECHECK.toNanos();
        if (!pending.isEmpty() && (news || due)) {
            Set<Announcement> waiting = Collections.newSetFromMap(new IdentityHashMap<>());
            waiting.addAll(
                    local.install(pending.stream().map(Pending::announcement).toList(), this::finished));
            pending.removeIf(release -> !waiting.contains(release.announcement()));
            metrics.waiting(pending.size());
            reportRevoked();
            checkedAt = System.nanoTime();
        }
        Map<TopicPartition, Long> first = new HashMap<>();
        pending.forEach(release -> first.merge(release.partition(), release.offset(), Math::min));
        topics.commit(first);
    }

    private void reportRevoked() {
        metrics.revoked(local.reportRevoked(publisher::acknowledge));
    }

    /** Whether a record may change what is to be installed. */
    private boolean take(ConsumerRecord<byte @Nullable [], byte @Nullable []> message, RecordReader.Read read) {
        return switch (read) {
            case RecordReader.Read.Release(Announcement announcement) -> {
                TopicPartition partition = new TopicPartition(message.topic(), message.partition());
                pending.add(new Pending(partition, message.offset(), announcement));
                yield true;
            }
            case RecordReader.Read.Acknowledgement(SubModelDeployment deployment) -> {
                acknowledgements.add(deployment);
                yield true;
            }
            case RecordReader.Read.Forgotten(SubModelKey key, String name) -> {
                acknowledgements.remove(key, name);
                yield true;
            }
            case RecordReader.Read.Unreadable(String reason) -> {
                putAside(message, reason);
                yield false;
            }
            case RecordReader.Read.Nothing _, RecordReader.Read.Unknown _ -> false;
        };
    }

    private Optional<RecordReader.Read> read(ConsumerRecord<byte @Nullable [], byte @Nullable []> message) {
        while (!isStopping()) {
            RecordReader.Read read = reader.read(message, topics.isKnown(message));
            if (!(read instanceof RecordReader.Read.Unknown(String reason))) {
                return Optional.of(read);
            }
            LOG.atWarn().addKeyValue("topic", message.topic()).log("the registry does not answer: {}", reason);
            try {
                if (stopping.await(REGISTRY_PAUSE_SECONDS, TimeUnit.SECONDS)) {
                    break;
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                break;
            }
        }
        return Optional.empty();
    }

    private void putAside(ConsumerRecord<byte @Nullable [], byte @Nullable []> message, String reason) {
        if (message.topic().equals(Topics.SUBMODEL_RELEASES) && !topics.isKnown(message)) {
            LOG.atWarn()
                    .addKeyValue("topic", message.topic())
                    .addKeyValue("partition", message.partition())
                    .addKeyValue("offset", message.offset())
                    .log("putting a record aside: {}", reason);
            publisher.putAside(message, deployer, reason);
        }
    }

    private void finished(SubModelDeployment deployment) {
        publisher.acknowledge(deployment);
        metrics.finished(deployment);
        metrics.switched(deployment.submodel(), local.current().getOrDefault(deployment.submodel(), 0));
        try {
            listener.finished(Outcome.of(deployment));
        } catch (RuntimeException e) {
            LOG.atError()
                    .addKeyValue("submodel", deployment.submodel())
                    .addKeyValue("version", deployment.version())
                    .setCause(e)
                    .log("the listener failed");
        }
    }

    /** Closes everything; {@link #run} must have returned. */
    @Override
    public void close() {
        try (local;
                releases;
                deployments;
                consumer;
                producer) {
            // all of them, whatever one of them says
        }
    }

    private static Map<String, Object> consumerSettings(ClusterSettings cluster, String deployer) {
        Map<String, Object> settings = new HashMap<>(cluster.client(Map.of(
                ConsumerConfig.CLIENT_ID_CONFIG,
                "deployer-" + deployer,
                ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG,
                "false")));
        // what the positions of acknowledged releases rest on
        settings.put(ConsumerConfig.GROUP_ID_CONFIG, "sparsecast-deployer." + deployer);
        settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        return settings;
    }

    private static Map<String, Object> producerSettings(ClusterSettings cluster, String deployer) {
        Map<String, Object> settings =
                new HashMap<>(cluster.client(Map.of(ProducerConfig.CLIENT_ID_CONFIG, "deployer-" + deployer)));
        settings.put(ProducerConfig.ACKS_CONFIG, "all");
        settings.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, "true");
        return settings;
    }
}
