package dev.sparsecast.streams;

import dev.sparsecast.schemas.Names;
import dev.sparsecast.schemas.Topics;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.streams.deadletters.NonsenseHandler;
import dev.sparsecast.streams.deadletters.UnreadableHandler;
import dev.sparsecast.streams.state.BoundedMemory;
import dev.sparsecast.streams.state.StoreKind;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.streams.StreamsConfig;

/**
 * Where and how one instance of the streams app runs.
 *
 * @param applicationId instances of one id share the partitions
 * @param instance name of this instance, unique among them and the same after a restart: its partitions then wait for it
 * @param stateDirectory where the stores are kept; after its loss they are restored from the changelogs
 * @param threads stream threads
 * @param commitInterval how often a transaction ends: what is published becomes visible that often
 * @param replicationFactor of changelogs and repartition topics
 * @param standbyReplicas copies of every store kept warm on other instances
 * @param stores where stores keep their entries
 * @param address {@code host:port} where other instances reach this one's queries; empty if they cannot
 */
public record InstanceSettings(
        String applicationId,
        String instance,
        Path stateDirectory,
        int threads,
        Duration commitInterval,
        int replicationFactor,
        int standbyReplicas,
        StoreKind stores,
        String address) {
    /**
     * Memory for entries between commits. The open epochs of 12 groups of Llama-7B take 143 MB; what does not fit is written
     * more often.
     */
    private static final long CACHE_BYTES = 256L << 20;

    public static final String DEFAULT_APPLICATION_ID = "sparsecast-streams";

    public InstanceSettings {
        Names.revision(applicationId);
        Names.label("streams instance", instance);
        require(threads >= 1, "the streams app needs at least 1 thread, but is given " + threads);
        require(commitInterval.toMillis() >= 1, "the commit interval must be at least 1 ms, but is " + commitInterval);
        require(
                replicationFactor >= 1 || replicationFactor == -1,
                "the replication factor must be at least 1, or -1 for the broker's default, but is "
                        + replicationFactor);
        require(standbyReplicas >= 0, "the number of standby replicas must not be negative, but is " + standbyReplicas);
    }

    /** One thread, transactions of 100 ms, the broker's replication factor, no standbys, stores on disk. */
    public static InstanceSettings of(Path stateDirectory, String instance) {
        return new InstanceSettings(
                DEFAULT_APPLICATION_ID,
                instance,
                stateDirectory,
                1,
                Duration.ofMillis(100),
                -1,
                0,
                StoreKind.PERSISTENT,
                "");
    }

    public InstanceSettings withReplication(int newReplicationFactor, int newStandbyReplicas) {
        return new InstanceSettings(
                applicationId,
                instance,
                stateDirectory,
                threads,
                commitInterval,
                newReplicationFactor,
                newStandbyReplicas,
                stores,
                address);
    }

    public InstanceSettings withThreads(int newThreads) {
        return new InstanceSettings(
                applicationId,
                instance,
                stateDirectory,
                newThreads,
                commitInterval,
                replicationFactor,
                standbyReplicas,
                stores,
                address);
    }

    public InstanceSettings withCommitInterval(Duration newCommitInterval) {
        return new InstanceSettings(
                applicationId,
                instance,
                stateDirectory,
                threads,
                newCommitInterval,
                replicationFactor,
                standbyReplicas,
                stores,
                address);
    }

    public InstanceSettings withStores(StoreKind newStores) {
        return new InstanceSettings(
                applicationId,
                instance,
                stateDirectory,
                threads,
                commitInterval,
                replicationFactor,
                standbyReplicas,
                newStores,
                address);
    }

    public InstanceSettings withAddress(String newAddress) {
        return new InstanceSettings(
                applicationId,
                instance,
                stateDirectory,
                threads,
                commitInterval,
                replicationFactor,
                standbyReplicas,
                stores,
                newAddress);
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw new IllegalArgumentException(message);
        }
    }

    /**
     * All settings of Kafka Streams.
     *
     * @throws StreamsException if the cluster's settings would break exactly-once processing
     */
    Map<String, Object> kafkaStreams(ClusterSettings cluster) {
        Map<String, Object> own = topologySettings();
        own.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, threads);
        own.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, commitInterval.toMillis());
        own.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, replicationFactor);
        own.put(StreamsConfig.NUM_STANDBY_REPLICAS_CONFIG, standbyReplicas);
        own.put(StreamsConfig.APPLICATION_SERVER_CONFIG, address);
        own.put(StreamsConfig.mainConsumerPrefix(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG), instance);
        own.put(StreamsConfig.consumerPrefix(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG), "15000");
        own.put(StreamsConfig.consumerPrefix(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG), "3000");
        own.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
        own.put(StreamsConfig.consumerPrefix(ConsumerConfig.METADATA_MAX_AGE_CONFIG), "5000");
        // No later than the workers' own, so that a transaction that was left open holds nobody up for longer.
        own.put(StreamsConfig.producerPrefix(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG), "30000");
        // Norms of a layer of a big model are 200 kB: fetch more than five at once, but do not hold a thousand.
        own.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG), "8388608");
        own.put(StreamsConfig.BUFFERED_RECORDS_PER_PARTITION_CONFIG, 50);
        own.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, Long.toString(CACHE_BYTES));
        own.put(StreamsConfig.ROCKSDB_CONFIG_SETTER_CLASS_CONFIG, BoundedMemory.class);
        // An entry of a big model's statistics is close to Kafka's default limit of 1 MiB.
        own.put(StreamsConfig.producerPrefix(ProducerConfig.MAX_REQUEST_SIZE_CONFIG), "8388608");
        own.put(StreamsConfig.topicPrefix(TopicConfig.MAX_MESSAGE_BYTES_CONFIG), "8388608");
        Map<String, Object> settings = cluster.client(own);
        requireExactlyOnce(settings);
        return settings;
    }

    /** The settings that decide what the topology does, wherever it runs. */
    Map<String, Object> topologySettings() {
        Map<String, Object> own = new HashMap<>();
        own.put(StreamsConfig.APPLICATION_ID_CONFIG, applicationId);
        own.put(StreamsConfig.CLIENT_ID_CONFIG, "streams-" + instance);
        own.put(StreamsConfig.STATE_DIR_CONFIG, stateDirectory.toString());
        own.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        own.put(StreamsConfig.ENSURE_EXPLICIT_INTERNAL_RESOURCE_NAMING_CONFIG, true);
        own.put(StreamsConfig.ERRORS_DEAD_LETTER_QUEUE_TOPIC_NAME_CONFIG, Topics.deadLetters(Topics.ACTIVATION_NORMS));
        own.put(StreamsConfig.DESERIALIZATION_EXCEPTION_HANDLER_CLASS_CONFIG, UnreadableHandler.class);
        own.put(StreamsConfig.PROCESSING_EXCEPTION_HANDLER_CLASS_CONFIG, NonsenseHandler.class);
        return own;
    }

    private static void requireExactlyOnce(Map<String, Object> settings) {
        Object guarantee = settings.get(StreamsConfig.PROCESSING_GUARANTEE_CONFIG);
        if (!StreamsConfig.EXACTLY_ONCE_V2.equals(guarantee)) {
            throw new StreamsException("the Kafka setting " + StreamsConfig.PROCESSING_GUARANTEE_CONFIG + " must be "
                    + StreamsConfig.EXACTLY_ONCE_V2 + " for flushes to be counted exactly once, but is set to "
                    + guarantee + "; remove it from the configuration");
        }
    }
}
