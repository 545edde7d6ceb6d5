package dev.sparsecast.worker.loop;

import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * A record that was taken in, on its way to the flush.
 *
 * @param next where its partition is to be read on from once this record is published
 * @param deadLetter what to publish of it if it was rejected
 */
record Taken(
        TopicPartition partition,
        OffsetAndMetadata next,
        Intake fate,
        Optional<ProducerRecord<byte[], byte[]>> deadLetter) {

    static Taken of(
            ConsumerRecord<byte[], byte[]> record, Intake fate, Optional<ProducerRecord<byte[], byte[]>> deadLetter) {
        return new Taken(
                new TopicPartition(record.topic(), record.partition()),
                new OffsetAndMetadata(record.offset() + 1, record.leaderEpoch(), ""),
                fate,
                deadLetter);
    }

    /** Tokens that are to go through the model. */
    int tokens() {
        return fate instanceof Intake.Accepted accepted ? accepted.prompt().tokens().length : 0;
    }

    /** Bytes of the dead letter's value, which waits in memory. */
    long deadLetterBytes() {
        return deadLetter
                .map(letter -> letter.value() == null ? 0L : letter.value().length)
                .orElse(0L);
    }
}
