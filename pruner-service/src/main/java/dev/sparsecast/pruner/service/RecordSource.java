package dev.sparsecast.pruner.service;

import java.time.Duration;
import java.util.Collection;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** The records of the topics that the pruner needs, from their beginning and then as they come. */
interface RecordSource extends AutoCloseable {
    /** The next records, in no particular order across partitions; none if nothing comes in that time. */
    Iterable<ConsumerRecord<byte[], byte[]>> poll(Duration timeout);

    /** Whether everything that was in the topics at the start has been returned. */
    boolean isCaughtUp();

    /** Reads the prompts of these languages, too, from their beginning. */
    void follow(Collection<String> languages);

    /** Whether the cluster has a topic. */
    boolean hasTopic(String topic);

    @Override
    void close();
}
