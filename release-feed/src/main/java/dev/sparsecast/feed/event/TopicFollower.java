package dev.sparsecast.feed.event;

import dev.sparsecast.feed.FeedException;
import dev.sparsecast.schemas.SubModelKey;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.Topics;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.serde.SparsecastSerdes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the topic of releases from its beginning into the log, committed records only, as no group's member. Brokers and
 * registries that do not answer are waited for.
 */
public final class TopicFollower implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TopicFollower.class);
    private static final Duration POLL = Duration.ofMillis(500);
    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(10);
    private static final long PAUSE_SECONDS = 1;

    private final ClusterSettings cluster;
    private final EventLog log;
    private final Consumer<byte @Nullable [], byte @Nullable []> consumer;
    private final Deserializer<SubModelRelease> releases;
    private final CountDownLatch closing = new CountDownLatch(1);

    /** @throws FeedException if the Kafka settings cannot be used */
    public TopicFollower(ClusterSettings cluster, EventLog log) {
        this.cluster = cluster;
        this.log = log;
        this.releases = new SparsecastSerdes(cluster).releases().deserializer();
        try {
            this.consumer = new KafkaConsumer<>(
                    cluster.client(Map.of(
                            "client.id", "sparsecast-feed",
                            "isolation.level", "read_committed",
                            "auto.offset.reset", "earliest",
                            "enable.auto.commit", false,
                            "allow.auto.create.topics", false)),
                    new ByteArrayDeserializer(),
                    new ByteArrayDeserializer());
        } catch (KafkaException e) {
            throw new FeedException("the Kafka settings cannot be used: " + e.getMessage(), e);
        }
    }

    /**
     * Reads until it is stopped.
     *
     * @throws FeedException if the topic is not one that a feed can be made of
     */
    public void run() {
        try {
            while (!isClosing()) {
                try {
                    follow();
                } catch (WakeupException | InterruptException e) {
                    throw e;
                } catch (KafkaException e) {
                    LOG.atWarn()
                            .addKeyValue("topic", Topics.SUBMODEL_RELEASES)
                            .log("Kafka does not answer, trying again: {}", e.getMessage());
                    pause();
                }
            }
        } catch (WakeupException | InterruptException e) {
            if (!isClosing()) {
                throw e;
            }
        }
    }

    private void follow() {
        String topicId = topicId();
        TopicPartition partition = new TopicPartition(Topics.SUBMODEL_RELEASES, 0);
        consumer.assign(List.of(partition));
        consumer.seekToBeginning(List.of(partition));
        long startEnd = consumer.endOffsets(List.of(partition), ANSWER_LIMIT).getOrDefault(partition, 0L);
        log.begin(topicId);
        while (!isClosing()) {
            if (!log.isCaughtUp() && consumer.position(partition) >= startEnd) {
                log.caughtUp();
            }
            for (ConsumerRecord<byte @Nullable [], byte @Nullable []> message : consumer.poll(POLL)) {
                take(topicId, message);
            }
            log.readTo(consumer.position(partition));
        }
    }

    private String topicId() {
        try (Admin admin = Admin.create(cluster.client(Map.of("client.id", "sparsecast-feed")))) {
            TopicDescription topic = admin.describeTopics(List.of(Topics.SUBMODEL_RELEASES))
                    .allTopicNames()
                    .get(ANSWER_LIMIT.toSeconds(), TimeUnit.SECONDS)
                    .values()
                    .iterator()
                    .next();
            if (topic.partitions().size() != 1) {
                throw new FeedException("the topic " + topic.name() + " has "
                        + topic.partitions().size()
                        + " partitions, so its records have no order: make it with 'sparsecast topics'");
            }
            return topic.topicId().toString();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof KafkaException cause ? cause : new KafkaException(e);
        } catch (java.util.concurrent.TimeoutException e) {
            throw new KafkaException("no answer in " + ANSWER_LIMIT.toSeconds() + " s", e);
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    private void take(String topicId, ConsumerRecord<byte @Nullable [], byte @Nullable []> message) {
        EventId id = new EventId(topicId, message.offset());
        while (!isClosing()) {
            try {
                log.add(event(id, message));
                return;
            } catch (RuntimeException e) {
                if (!isOfTheNetwork(e)) {
                    // an empty value ends in a BufferUnderflowException: more than SerializationException
                    LOG.atWarn()
                            .addKeyValue("topic", message.topic())
                            .addKeyValue("offset", message.offset())
                            .log("passing over a record that is no release: {}", e.toString());
                    return;
                }
                LOG.atWarn()
                        .addKeyValue("topic", message.topic())
                        .log("the registry does not answer: {}", e.toString());
                pause();
            }
        }
    }

    private ReleaseEvent event(EventId id, ConsumerRecord<byte @Nullable [], byte @Nullable []> message) {
        byte[] key = message.key();
        if (key == null) {
            throw new IllegalArgumentException("it has no key");
        }
        SubModelKey name = SubModelKey.parse(new String(key, StandardCharsets.UTF_8));
        byte[] value = message.value();
        if (value == null) {
            return ReleaseEvent.removed(id, name);
        }
        SubModelRelease release = releases.deserialize(message.topic(), value);
        if (!release.key().equals(name)) {
            throw new IllegalArgumentException("it is under the key of another sub-model");
        }
        return ReleaseEvent.released(id, release);
    }

    private static boolean isOfTheNetwork(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof IOException) {
                return true;
            }
        }
        return false;
    }

    private boolean isClosing() {
        return closing.getCount() == 0;
    }

    private void pause() {
        try {
            var unused = closing.await(PAUSE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    /** Makes {@link #run} return; may be called by any thread. */
    public void stop() {
        closing.countDown();
        consumer.wakeup();
    }

    /** Closes the clients; {@link #run} must have returned. */
    @Override
    public void close() {
        try (releases;
                consumer) {
            // both, whatever one of them says
        }
    }
}
