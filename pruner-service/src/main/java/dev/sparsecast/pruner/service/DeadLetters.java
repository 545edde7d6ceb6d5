package dev.sparsecast.pruner.service;

import dev.sparsecast.schemas.Topics;
import java.nio.charset.StandardCharsets;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where records go that cannot be read: every one into the log; those that arrive while the pruner runs also to
 * {@code dead-letters.<topic>}, if there is such a topic. Those that were there before it started are met again at every
 * start, and would be there many times.
 */
final class DeadLetters implements AutoCloseable {
    static final String REASON = "sparsecast.dead-letter.reason";
    static final String TOPIC = "sparsecast.dead-letter.topic";
    static final String PARTITION = "sparsecast.dead-letter.partition";
    static final String OFFSET = "sparsecast.dead-letter.offset";
    static final String TIMESTAMP = "sparsecast.dead-letter.timestamp";

    private static final Logger log = LoggerFactory.getLogger(DeadLetters.class);

    private final Supplier<Producer<byte[], byte[]>> connect;
    private final Predicate<String> hasTopic;
    private @Nullable Producer<byte[], byte[]> producer;

    /**
     * @param connect makes the producer when the first letter is to be sent
     * @param hasTopic whether the cluster has a topic
     */
    DeadLetters(Supplier<Producer<byte[], byte[]>> connect, Predicate<String> hasTopic) {
        this.connect = connect;
        this.hasTopic = hasTopic;
    }

    /** @param isNew whether it came after the start */
    void add(ConsumerRecord<byte[], byte[]> received, String reason, boolean isNew) {
        log.atWarn()
                .addKeyValue("topic", received.topic())
                .addKeyValue("partition", received.partition())
                .addKeyValue("offset", received.offset())
                .addKeyValue("reason", reason)
                .log("Passed over a record that cannot be read");
        String topic = Topics.deadLetters(received.topic());
        if (isNew && hasTopic.test(topic)) {
            send(topic, received, reason);
        }
    }

    private void send(String topic, ConsumerRecord<byte[], byte[]> received, String reason) {
        if (producer == null) {
            producer = connect.get();
        }
        ProducerRecord<byte[], byte[]> letter =
                new ProducerRecord<>(topic, null, received.key(), received.value(), received.headers());
        add(letter, REASON, reason);
        add(letter, TOPIC, received.topic());
        add(letter, PARTITION, Integer.toString(received.partition()));
        add(letter, OFFSET, Long.toString(received.offset()));
        add(letter, TIMESTAMP, Long.toString(received.timestamp()));
        var unused = producer.send(letter, (metadata, failure) -> {
            if (failure != null) {
                log.atError().addKeyValue("topic", topic).setCause(failure).log("Cannot write a dead letter");
            }
        });
    }

    private static void add(ProducerRecord<byte[], byte[]> letter, String name, String value) {
        letter.headers().add(name, value.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void close() {
        if (producer != null) {
            producer.close();
        }
    }
}
