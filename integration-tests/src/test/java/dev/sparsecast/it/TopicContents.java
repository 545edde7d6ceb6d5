package dev.sparsecast.it;

import dev.sparsecast.schemas.cluster.ClusterSettings;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/** What is committed on a topic at the moment. */
public final class TopicContents {
    private TopicContents() {}

    /** Hands over every committed record, those of a partition in order. */
    public static <V> void forEach(
            ClusterSettings cluster, String topic, Deserializer<V> values, Consumer<ConsumerRecord<String, V>> taker) {
        try (KafkaConsumer<String, V> consumer = new KafkaConsumer<>(
                cluster.client(Map.of("isolation.level", "read_committed", "enable.auto.commit", false)),
                new StringDeserializer(),
                values)) {
            List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
                    .map(info -> new TopicPartition(topic, info.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            while (!isAtEnd(consumer, partitions)) {
                consumer.poll(Duration.ofMillis(200)).forEach(taker);
            }
        }
    }

    /** Number of committed records. */
    public static long count(ClusterSettings cluster, String topic) {
        long[] count = {0};
        forEach(cluster, topic, new ByteArrayDeserializer(), record -> count[0]++);
        return count[0];
    }

    /** Newest value by key. */
    public static <V> Map<String, V> newest(ClusterSettings cluster, String topic, Deserializer<V> values) {
        Map<String, V> newest = new HashMap<>();
        forEach(cluster, topic, values, record -> newest.put(record.key(), record.value()));
        return newest;
    }

    private static boolean isAtEnd(KafkaConsumer<?, ?> consumer, List<TopicPartition> partitions) {
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
        return partitions.stream().allMatch(partition -> consumer.position(partition) >= ends.get(partition));
    }
}
