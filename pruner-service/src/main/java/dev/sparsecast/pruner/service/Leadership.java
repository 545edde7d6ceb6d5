package dev.sparsecast.pruner.service;

import dev.sparsecast.schemas.Topics;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which of several pruners of a model is in charge: all are members of one consumer group, and the one that the group gave
 * the first partition of the commands is. When it dies or stops, the group gives the partition to another. The group only
 * spares pruners from getting into each other's way; that two never announce the same version rests on
 * {@link ReleaseAnnouncer}, which fences whoever was in charge before.
 *
 * <p>Used by one thread, but for {@link #isInCharge} and {@link #isWaiting}.
 */
final class Leadership implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Leadership.class);
    private static final Duration POLL = Duration.ofMillis(200);
    private static final TopicPartition SEAT = new TopicPartition(Topics.SUBMODEL_COMMANDS, 0);

    private final String model;
    private final Consumer<byte[], byte[]> consumer;
    private volatile boolean inCharge;
    private volatile boolean waiting;

    private Leadership(String model, Consumer<byte[], byte[]> consumer) {
        this.model = model;
        this.consumer = consumer;
    }

    /**
     * Joins the group of the model's pruners.
     *
     * @throws PrunerException if the topic of commands is missing, or the broker does not answer
     */
    static Leadership open(ClusterSettings cluster, String model) {
        Map<String, Object> settings = new HashMap<>(cluster.client(Map.of(
                ConsumerConfig.CLIENT_ID_CONFIG, "sparsecast-pruner-leadership",
                ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false",
                ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "latest",
                ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, "false",
                // whoever has the partition keeps it when others join
                ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG, CooperativeStickyAssignor.class.getName(),
                ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, "10000",
                ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, "2000")));
        settings.put(ConsumerConfig.GROUP_ID_CONFIG, "sparsecast-pruners-" + model);
        Consumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        try {
            if (consumer.partitionsFor(Topics.SUBMODEL_COMMANDS).isEmpty()) {
                throw new PrunerException(
                        "the topic " + Topics.SUBMODEL_COMMANDS + " is missing; create it with 'sparsecast topics'");
            }
            Leadership leadership = new Leadership(model, consumer);
            leadership.join();
            return leadership;
        } catch (TimeoutException e) {
            consumer.close();
            throw PrunerException.noBroker(cluster, e);
        } catch (RuntimeException e) {
            consumer.close();
            throw e;
        }
    }

    private void join() {
        consumer.subscribe(List.of(Topics.SUBMODEL_COMMANDS), new Seat());
    }

    /** Waits until this pruner is in charge, or is told to stop; returns whether it is in charge. */
    boolean await(BooleanSupplier stopping) {
        while (!inCharge && !stopping.getAsBoolean()) {
            poll(POLL);
        }
        return inCharge && !stopping.getAsBoolean();
    }

    /** Tells the group that this pruner is alive; to be called now and then. */
    void keep() {
        poll(Duration.ZERO);
    }

    /** Leaves the group, and joins it as one that has nothing: somebody else is in charge. */
    void giveUp() {
        inCharge = false;
        consumer.unsubscribe();
        join();
    }

    private void poll(Duration timeout) {
        try {
            consumer.poll(timeout);
        } catch (KafkaException e) {
            throw new PrunerException("the group of the model's pruners cannot be kept up (" + e.getMessage() + ")", e);
        }
    }

    /** For any thread. */
    boolean isInCharge() {
        return inCharge;
    }

    /** Whether another pruner is in charge, as far as the group has told; for any thread. */
    boolean isWaiting() {
        return waiting;
    }

    /** Called inside {@code poll}. */
    private final class Seat implements ConsumerRebalanceListener {
        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            consumer.pause(consumer.assignment());
            boolean has = consumer.assignment().contains(SEAT);
            if (has && !inCharge) {
                log.atInfo().addKeyValue("model", model).log("This pruner is in charge");
            } else if (!has && !waiting) {
                log.atInfo().addKeyValue("model", model).log("Another pruner is in charge; waiting");
            }
            inCharge = has;
            waiting = !has;
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            onPartitionsLost(partitions);
        }

        @Override
        public void onPartitionsLost(Collection<TopicPartition> partitions) {
            if (partitions.contains(SEAT)) {
                inCharge = false;
                log.atWarn().addKeyValue("model", model).log("This pruner is no longer in charge");
            }
        }
    }

    @Override
    public void close() {
        inCharge = false;
        consumer.close();
    }
}
