package dev.sparsecast.worker.loop;

import dev.sparsecast.schemas.Topics;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;

/** A rejected record on its way to {@code dead-letters.<topic>}: as received, its own headers first, with these after them. */
final class DeadLetter {
    static final String REASON = "sparsecast.dead-letter.reason";
    static final String TOPIC = "sparsecast.dead-letter.topic";
    static final String PARTITION = "sparsecast.dead-letter.partition";
    static final String OFFSET = "sparsecast.dead-letter.offset";
    static final String TIMESTAMP = "sparsecast.dead-letter.timestamp";
    static final String WORKER = "sparsecast.dead-letter.worker";

    /** Bytes of the value as received; there only if the value was cut to fit into a request together with the headers. */
    static final String CUT_FROM = "sparsecast.dead-letter.cut-from";

    /** Room for Kafka's own framing and our headers' names. */
    private static final int OVERHEAD = 2048;

    private DeadLetter() {}

    /**
     * The record to send.
     *
     * @param largest most bytes that the producer may send in one record
     */
    static ProducerRecord<byte[], byte[]> of(
            ConsumerRecord<byte[], byte[]> received, String reason, String worker, int largest) {
        int others = OVERHEAD + reason.length() * 3 + (received.key() == null ? 0 : received.key().length);
        for (Header header : received.headers()) {
            others += header.key().length() * 3 + (header.value() == null ? 0 : header.value().length);
        }
        byte[] value = received.value();
        int room = Math.max(0, largest - others);
        boolean cut = value != null && value.length > room;
        ProducerRecord<byte[], byte[]> letter = new ProducerRecord<>(
                Topics.deadLetters(received.topic()),
                null,
                received.key(),
                cut ? Arrays.copyOf(value, room) : value,
                received.headers());
        add(letter, REASON, reason);
        add(letter, TOPIC, received.topic());
        add(letter, PARTITION, Integer.toString(received.partition()));
        add(letter, OFFSET, Long.toString(received.offset()));
        add(letter, TIMESTAMP, Long.toString(received.timestamp()));
        add(letter, WORKER, worker);
        if (cut) {
            add(letter, CUT_FROM, Integer.toString(value.length));
        }
        return letter;
    }

    private static void add(ProducerRecord<byte[], byte[]> letter, String name, String value) {
        letter.headers().add(name, value.getBytes(StandardCharsets.UTF_8));
    }
}
