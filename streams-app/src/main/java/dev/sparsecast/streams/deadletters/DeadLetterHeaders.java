package dev.sparsecast.streams.deadletters;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.streams.errors.ErrorHandlerContext;

/** Tells on a dead letter why it is one and where it came from, under the names that the workers use too. */
final class DeadLetterHeaders {
    static final String REASON = "sparsecast.dead-letter.reason";
    static final String TOPIC = "sparsecast.dead-letter.topic";
    static final String PARTITION = "sparsecast.dead-letter.partition";
    static final String OFFSET = "sparsecast.dead-letter.offset";
    static final String TIMESTAMP = "sparsecast.dead-letter.timestamp";

    private DeadLetterHeaders() {}

    static List<ProducerRecord<byte[], byte[]>> addTo(
            List<ProducerRecord<byte[], byte[]>> letters, ErrorHandlerContext context, String reason) {
        for (ProducerRecord<byte[], byte[]> letter : letters) {
            add(letter, REASON, reason);
            add(letter, TOPIC, context.topic());
            add(letter, PARTITION, Integer.toString(context.partition()));
            add(letter, OFFSET, Long.toString(context.offset()));
            add(letter, TIMESTAMP, Long.toString(context.timestamp()));
        }
        return letters;
    }

    private static void add(ProducerRecord<byte[], byte[]> letter, String name, String value) {
        letter.headers().add(name, value.getBytes(StandardCharsets.UTF_8));
    }
}
