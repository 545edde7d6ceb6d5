package dev.sparsecast.worker.loop;

import dev.sparsecast.schemas.Names;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.producer.ProducerConfig;

/**
 * Who a worker is and when it publishes.
 *
 * @param instance name of this worker, unique in its group and the same after a restart: what the run before it left
 *     unfinished is then undone at once instead of after a time-out
 * @param group workers of one group share the prompts; the model's revision is appended to it
 * @param flush when to publish
 * @param limit how long a prompt may be
 * @param sources how much one source may add
 */
public record WorkerSettings(String instance, String group, FlushPolicy flush, PromptLimit limit, SourceCap sources) {
    public static final String DEFAULT_GROUP = "sparsecast-worker";

    /** What exactly-once delivery rests on; nobody may set these otherwise. */
    private static final Map<String, String> EXACTLY_ONCE_CONSUMER = Map.of(
            ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed", ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");

    private static final Map<String, String> EXACTLY_ONCE_PRODUCER =
            Map.of(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, "true", ProducerConfig.ACKS_CONFIG, "all");

    public WorkerSettings {
        Names.label("worker instance", instance);
        Names.revision(group);
    }

    /** The default group, flush policy and limit, and no cap on sources. */
    public WorkerSettings(String instance) {
        this(instance, DEFAULT_GROUP, FlushPolicy.defaults(), PromptLimit.POSITIONS, SourceCap.NONE);
    }

    /** Without a cap on sources. */
    public WorkerSettings(String instance, String group, FlushPolicy flush, PromptLimit limit) {
        this(instance, group, flush, limit, SourceCap.NONE);
    }

    public WorkerSettings withFlush(FlushPolicy policy) {
        return new WorkerSettings(instance, group, policy, limit, sources);
    }

    public WorkerSettings withLimit(PromptLimit promptLimit) {
        return new WorkerSettings(instance, group, flush, promptLimit, sources);
    }

    public WorkerSettings withSources(SourceCap cap) {
        return new WorkerSettings(instance, group, flush, limit, cap);
    }

    /** The consumer group of the workers of a model. */
    public String consumerGroup(String revision) {
        return group + "." + revision;
    }

    /** The transactional id of this worker for a model. */
    public String transactionalId(String revision) {
        return consumerGroup(revision) + "." + instance;
    }

    /**
     * Settings of the consumer.
     *
     * @throws WorkerException if the cluster's settings would break exactly-once delivery
     */
    Map<String, Object> consumer(ClusterSettings cluster, String revision) {
        Map<String, Object> own = new HashMap<>(EXACTLY_ONCE_CONSUMER);
        own.put(ConsumerConfig.GROUP_ID_CONFIG, consumerGroup(revision));
        own.put(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG, instance);
        own.put(ConsumerConfig.CLIENT_ID_CONFIG, "worker-" + instance);
        own.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        own.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, "false");
        own.put(ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG, CooperativeStickyAssignor.class.getName());
        own.put(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, "15000");
        own.put(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, "3000");
        own.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, "64");
        // How soon the topic of a new language is seen.
        own.put(CommonClientConfigs.METADATA_MAX_AGE_CONFIG, "5000");
        return merged(cluster, own, EXACTLY_ONCE_CONSUMER);
    }

    /**
     * Settings of the producer.
     *
     * @throws WorkerException if the cluster's settings would break exactly-once delivery
     */
    Map<String, Object> producer(ClusterSettings cluster, String revision) {
        Map<String, Object> own = new HashMap<>(EXACTLY_ONCE_PRODUCER);
        own.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, transactionalId(revision));
        own.put(ProducerConfig.CLIENT_ID_CONFIG, "worker-" + instance);
        own.put(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, "30000");
        own.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, "25000");
        own.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, "10000");
        own.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, "20000");
        own.put(ProducerConfig.LINGER_MS_CONFIG, "5");
        Map<String, String> required = new HashMap<>(EXACTLY_ONCE_PRODUCER);
        required.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, transactionalId(revision));
        return merged(cluster, own, required);
    }

    private static Map<String, Object> merged(
            ClusterSettings cluster, Map<String, Object> own, Map<String, String> required) {
        Map<String, Object> settings = cluster.client(own);
        required.forEach((key, value) -> {
            if (!value.equals(String.valueOf(settings.get(key)))) {
                throw new WorkerException("the Kafka setting " + key + " must be " + value
                        + " for prompts to be counted exactly once, but is set to " + settings.get(key)
                        + "; remove it from the configuration");
            }
        });
        return settings;
    }
}
