package dev.sparsecast.worker.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;

class DeadLetterTest {
    private static final int LARGEST = 10_000;

    @Test
    void keepsTheRecordAsReceivedAndSaysWhyAndWhereFrom() {
        ConsumerRecord<byte[], byte[]> received = new ConsumerRecord<>("prompts.java", 3, 42, bytes("k"), bytes("v"));
        received.headers().add("traceparent", bytes("00-1"));

        ProducerRecord<byte[], byte[]> letter = DeadLetter.of(received, "the prompt has no text", "w1", LARGEST);

        assertThat(letter.topic()).isEqualTo("dead-letters.prompts.java");
        assertThat(letter.key()).isEqualTo(bytes("k"));
        assertThat(letter.value()).isEqualTo(bytes("v"));
        assertThat(header(letter, "traceparent")).isEqualTo("00-1");
        assertThat(header(letter, DeadLetter.REASON)).isEqualTo("the prompt has no text");
        assertThat(header(letter, DeadLetter.TOPIC)).isEqualTo("prompts.java");
        assertThat(header(letter, DeadLetter.PARTITION)).isEqualTo("3");
        assertThat(header(letter, DeadLetter.OFFSET)).isEqualTo("42");
        assertThat(header(letter, DeadLetter.WORKER)).isEqualTo("w1");
        assertThat(letter.headers().lastHeader(DeadLetter.CUT_FROM)).isNull();
    }

    @Test
    void cutsAValueThatWouldNotFitWithItsHeaders() {
        ConsumerRecord<byte[], byte[]> received =
                new ConsumerRecord<>("prompts.java", 0, 0, bytes("k"), new byte[LARGEST]);

        ProducerRecord<byte[], byte[]> letter = DeadLetter.of(received, "too long a story", "w1", LARGEST);

        assertThat(letter.value()).hasSizeBetween(LARGEST / 2, LARGEST - 1_000);
        assertThat(header(letter, DeadLetter.CUT_FROM)).isEqualTo(Integer.toString(LARGEST));
    }

    private static String header(ProducerRecord<byte[], byte[]> letter, String name) {
        return new String(letter.headers().lastHeader(name).value(), StandardCharsets.UTF_8);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
