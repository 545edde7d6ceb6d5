package dev.sparsecast.cli.deadletters;

import dev.sparsecast.schemas.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/**
 * A dead letter: a record as it was received, with the reason in its headers.
 *
 * @param record as it lies in the topic of dead letters
 */
public record Letter(ConsumerRecord<byte[], byte[]> record) {
    private static final String PREFIX = "sparsecast.dead-letter.";
    private static final String REPLAYED = "sparsecast.dead-letter.replayed-from";

    /** Why it is one; empty if nobody said. */
    public String reason() {
        return header("reason", "");
    }

    /** The topic that it was received from. */
    public String origin() {
        return header("topic", record.topic().substring(Topics.DEAD_LETTERS_PREFIX.length()));
    }

    /** Partition and offset that it was received from, such as {@code 2:17}; empty if unknown. */
    public String originOffset() {
        String partition = header("partition", "");
        return partition.isEmpty() ? "" : partition + ":" + header("offset", "");
    }

    public Instant at() {
        return Instant.ofEpochMilli(record.timestamp());
    }

    public String key() {
        return record.key() == null ? "" : new String(record.key(), StandardCharsets.UTF_8);
    }

    /** Partition and offset of the letter itself. */
    public String place() {
        return record.partition() + ":" + record.offset();
    }

    /** Whether it is whole: a value that was too large was cut, and is of no use any more. */
    public boolean isWhole() {
        return header("cut-from", "").isEmpty();
    }

    /** The record to send where it came from: key, value, timestamp and its own headers as they were. */
    ProducerRecord<byte[], byte[]> replay() {
        ProducerRecord<byte[], byte[]> again =
                new ProducerRecord<>(origin(), null, timestamp(), record.key(), record.value());
        Headers headers = again.headers();
        for (Header header : record.headers()) {
            if (!header.key().startsWith(PREFIX)) {
                headers.add(header);
            }
        }
        headers.add(REPLAYED, (record.topic() + ":" + place()).getBytes(StandardCharsets.UTF_8));
        return again;
    }

    private long timestamp() {
        try {
            return Long.parseLong(header("timestamp", Long.toString(record.timestamp())));
        } catch (NumberFormatException e) {
            return record.timestamp();
        }
    }

    private String header(String name, String otherwise) {
        @Nullable Header header = record.headers().lastHeader(PREFIX + name);
        return header == null || header.value() == null
                ? otherwise
                : new String(header.value(), StandardCharsets.UTF_8);
    }
}
