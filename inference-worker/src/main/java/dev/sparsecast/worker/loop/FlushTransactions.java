package dev.sparsecast.worker.loop;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;

/**
 * The transactional producer. After any failure it is replaced by {@link #renew}: registering the transactional id again
 * completes or undoes whatever its predecessor left, so that the committed offsets then tell the truth.
 */
final class FlushTransactions implements AutoCloseable {
    private static final int COMMIT_ATTEMPTS = 3;

    private final Supplier<Producer<byte[], byte[]>> factory;
    private Producer<byte[], byte[]> producer;

    FlushTransactions(Supplier<Producer<byte[], byte[]>> factory) {
        this.factory = factory;
        this.producer = factory.get();
    }

    /** Registers the transactional id; must be called once before the first {@link #publish}. */
    void begin() {
        producer.initTransactions();
    }

    /** Waits until the metadata of a topic is known; a time-out if there is no such topic. */
    void require(String topic) {
        producer.partitionsFor(topic);
    }

    /** Publishes records and offsets, all or nothing. */
    void publish(
            List<ProducerRecord<byte[], byte[]>> records,
            Map<TopicPartition, OffsetAndMetadata> offsets,
            ConsumerGroupMetadata group) {
        producer.beginTransaction();
        for (ProducerRecord<byte[], byte[]> record : records) {
            // A failed send fails the commit, too.
            var unused = producer.send(record);
        }
        producer.sendOffsetsToTransaction(offsets, group);
        commit();
    }

    private void commit() {
        for (int attempt = 1; ; attempt++) {
            try {
                producer.commitTransaction();
                return;
            } catch (TimeoutException e) {
                // The outcome is unknown, and asking again is safe.
                if (attempt == COMMIT_ATTEMPTS) {
                    throw e;
                }
            }
        }
    }

    /** Replaces the producer. */
    void renew() {
        producer.close(Duration.ZERO);
        producer = factory.get();
        producer.initTransactions();
    }

    @Override
    public void close() {
        producer.close(Duration.ofSeconds(5));
    }
}
