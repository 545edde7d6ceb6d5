package dev.sparsecast.console.feed;

import dev.sparsecast.console.feed.RecordReader.RegistryUnavailableException;
import dev.sparsecast.console.state.PipelineState;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.serde.SparsecastSerdes;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads every topic of Sparsecast from its beginning, committed records only, as no group member: any number of consoles
 * may watch, and none disturbs a service. Topics that appear later are picked up. A broker or registry that goes away is
 * reported to the state and waited for.
 */
public final class TopicFeed implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(TopicFeed.class);
    private static final Duration POLL = Duration.ofMillis(200);
    private static final Duration DISCOVERY = Duration.ofSeconds(2);
    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(5);
    private static final Duration RETRY = Duration.ofSeconds(1);

    private final Consumer<byte[], byte[]> consumer;
    private final RecordReader reader;
    private final PipelineState state;
    private final String brokers;
    private final Thread thread;
    private final Map<TopicPartition, Long> startEnds = new HashMap<>();
    private Instant nextDiscovery = Instant.EPOCH;
    private boolean caughtUp;
    private final CountDownLatch closing = new CountDownLatch(1);

    private TopicFeed(Consumer<byte[], byte[]> consumer, SparsecastSerdes serdes, PipelineState state, String brokers) {
        this.consumer = consumer;
        this.reader = new RecordReader(serdes, state);
        this.state = state;
        this.brokers = brokers;
        this.thread = Thread.ofPlatform().name("console-feed").daemon().unstarted(this::run);
    }

    /** Starts to read; a broker that does not answer is waited for. */
    public static TopicFeed start(ClusterSettings cluster, PipelineState state) {
        Consumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                cluster.client(Map.of(
                        "client.id", "sparsecast-console",
                        "isolation.level", "read_committed",
                        "auto.offset.reset", "earliest",
                        "enable.auto.commit", false,
                        "allow.auto.create.topics", false)),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
        return start(consumer, new SparsecastSerdes(cluster), state, cluster.bootstrapServers());
    }

    static TopicFeed start(
            Consumer<byte[], byte[]> consumer, SparsecastSerdes serdes, PipelineState state, String brokers) {
        TopicFeed feed = new TopicFeed(consumer, serdes, state, brokers);
        state.source(brokers);
        feed.thread.start();
        return feed;
    }

    /** Whether the thread that reads is there. */
    public boolean isAlive() {
        return thread.isAlive();
    }

    private void run() {
        try (consumer;
                reader) {
            while (!isClosing()) {
                step();
            }
        } catch (WakeupException | InterruptException e) {
            if (!isClosing()) {
                log.atError().setCause(e).log("The console's feed was interrupted");
            }
        }
    }

    private void step() {
        try {
            if (!Instant.now().isBefore(nextDiscovery)) {
                discover();
                nextDiscovery = Instant.now().plus(DISCOVERY);
            }
            if (consumer.assignment().isEmpty()) {
                pause();
                return;
            }
            read(consumer.poll(POLL));
        } catch (WakeupException | InterruptException e) {
            throw e;
        } catch (KafkaException e) {
            state.problem("Kafka at " + brokers + " does not answer: " + e.getMessage());
            log.atWarn().setCause(e).log("The console cannot read from Kafka and tries again");
            pause();
        }
    }

    /** Looks for topics that are new, and takes them from their beginnings; topics that are gone are let go. */
    private void discover() {
        Set<TopicPartition> assigned = consumer.assignment();
        Set<TopicPartition> found = partitions(consumer.listTopics(ANSWER_LIMIT));
        state.problem("");
        if (found.isEmpty()) {
            // There is nothing to read yet, and that is all there is.
            state.caughtUp();
        }
        if (found.equals(assigned)) {
            return;
        }
        Set<TopicPartition> added = new HashSet<>(found);
        added.removeAll(assigned);
        consumer.assign(found);
        startEnds.keySet().retainAll(found);
        if (!added.isEmpty()) {
            consumer.seekToBeginning(added);
            startEnds.putAll(consumer.endOffsets(added, ANSWER_LIMIT));
            log.atInfo()
                    .addKeyValue("topic", topics(added))
                    .addKeyValue("partitions", added.size())
                    .log("The console reads more topics");
        }
    }

    private static Set<TopicPartition> partitions(Map<String, List<PartitionInfo>> topics) {
        return topics.values().stream()
                .flatMap(Collection::stream)
                .filter(partition -> RecordReader.reads(partition.topic()))
                .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
                .collect(Collectors.toSet());
    }

    private static Set<String> topics(Collection<TopicPartition> partitions) {
        Set<String> topics = new TreeSet<>();
        partitions.forEach(partition -> topics.add(partition.topic()));
        return topics;
    }

    private void read(Iterable<ConsumerRecord<byte[], byte[]>> messages) {
        for (ConsumerRecord<byte[], byte[]> message : messages) {
            readUntilAnswered(message);
            if (isClosing()) {
                return;
            }
        }
        if (!caughtUp && isAtStartEnds()) {
            caughtUp = true;
            state.caughtUp();
        }
    }

    private boolean isAtStartEnds() {
        return startEnds.entrySet().stream().allMatch(end -> consumer.position(end.getKey()) >= end.getValue());
    }

    private void readUntilAnswered(ConsumerRecord<byte[], byte[]> message) {
        while (!isClosing()) {
            try {
                reader.read(message);
                return;
            } catch (RegistryUnavailableException e) {
                state.problem(String.valueOf(e.getMessage()));
                pause();
            } catch (RuntimeException e) {
                // No record, however odd, may end the feed.
                log.atWarn()
                        .setCause(e)
                        .addKeyValue("topic", message.topic())
                        .addKeyValue("partition", message.partition())
                        .addKeyValue("offset", message.offset())
                        .log("The console cannot show a record");
                state.undecodable(message.topic(), e.toString());
                return;
            }
        }
    }

    private boolean isClosing() {
        return closing.getCount() == 0;
    }

    private void pause() {
        try {
            var unused = closing.await(RETRY.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    /** Stops reading and waits until that is so. */
    @Override
    public void close() {
        closing.countDown();
        consumer.wakeup();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
