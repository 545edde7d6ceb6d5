package dev.sparsecast.worker.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsecast.worker.profile.GroupedPrompt;
import dev.sparsecast.worker.profile.PromptGroup;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PromptQueueTest {
    private static final TopicPartition PYTHON = new TopicPartition("prompts.python", 0);
    private static final TopicPartition JAVA = new TopicPartition("prompts.java", 0);

    private final PromptQueue queue = new PromptQueue();
    private long offset;

    @Test
    void givesAPrefixThatFits() {
        queue.add(prompt("python", 3));
        queue.add(heldOut());
        queue.add(prompt("python", 4));
        queue.add(heldOut());
        queue.add(prompt("python", 2));

        assertThat(queue.tokens()).isEqualTo(9);
        assertThat(offsets(queue.next(7, Set.of(), 10))).containsExactly(1L, 2L, 3L, 4L);
        assertThat(queue.tokens()).isEqualTo(2);
        assertThat(queue.records()).isEqualTo(1);
    }

    @Test
    void givesOnePromptHoweverLong() {
        queue.add(heldOut());
        queue.add(prompt("python", 100));
        queue.add(prompt("python", 1));

        assertThat(offsets(queue.next(7, Set.of(), 10))).containsExactly(1L, 2L);
    }

    @Test
    void opensNoMoreGroupsThanThereIsRoomFor() {
        queue.add(prompt("a", 1));
        queue.add(prompt("b", 1));
        queue.add(prompt("a", 1));
        queue.add(prompt("c", 1));

        assertThat(offsets(queue.next(100, Set.of(group("b")), 2))).containsExactly(1L, 2L, 3L);
        assertThat(offsets(queue.next(100, Set.of(group("a"), group("b")), 2)))
                .as("the first may always join")
                .containsExactly(4L);
    }

    @Test
    void isFullByTokensByRecordsAndByBytes() {
        assertThat(queue.isFull(1)).isFalse();
        queue.add(prompt("python", 3));
        assertThat(queue.isFull(3)).isTrue();
        assertThat(queue.isFull(4)).isFalse();
        for (int i = 0; i < 5_000; i++) {
            queue.add(heldOut());
        }
        assertThat(queue.isFull(4)).isTrue();
        queue.clear();
        assertThat(queue.isFull(4)).isFalse();
        queue.add(rejected(9 << 20));
        assertThat(queue.isFull(4)).isTrue();
        queue.next(1, Set.of(), 1);
        assertThat(queue.isFull(4)).isFalse();
    }

    @Test
    void forgetsWhatCameFromAPartition() {
        queue.add(prompt("python", 3));
        queue.add(taken(JAVA, new Intake.HeldOut(), Optional.empty()));
        queue.add(rejected(9 << 20));

        queue.drop(List.of(PYTHON));

        assertThat(queue.tokens()).isZero();
        assertThat(queue.isFull(1)).isFalse();
        assertThat(queue.next(1, Set.of(), 1)).extracting(Taken::partition).containsExactly(JAVA);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void whateverIsGivenBackKeepsItsPlace(long seed) {
        Random random = new Random(seed);
        List<Long> left = new ArrayList<>();
        long expected = 0;
        while (expected < 300 || !queue.isEmpty()) {
            if (expected < 300 && random.nextBoolean()) {
                queue.add(random.nextInt(3) == 0 ? heldOut() : prompt("g" + random.nextInt(4), 1 + random.nextInt(9)));
                expected++;
            } else {
                List<Taken> step = queue.next(1 + random.nextInt(20), Set.of(), 1 + random.nextInt(3));
                if (random.nextBoolean()) {
                    queue.giveBack(step);
                } else {
                    left.addAll(offsets(step));
                }
            }
        }
        assertThat(left).hasSize(300).isSorted().doesNotHaveDuplicates();
        assertThat(queue.tokens()).isZero();
    }

    private Taken prompt(String language, int tokens) {
        return taken(
                PYTHON,
                new Intake.Accepted(new GroupedPrompt(group(language), new int[tokens]), "", false),
                Optional.empty());
    }

    private Taken heldOut() {
        return taken(PYTHON, new Intake.HeldOut(), Optional.empty());
    }

    private Taken rejected(int bytes) {
        return taken(
                PYTHON,
                new Intake.Rejected("no prompt"),
                Optional.of(new ProducerRecord<>("dead-letters.prompts.python", new byte[bytes])));
    }

    private Taken taken(TopicPartition partition, Intake fate, Optional<ProducerRecord<byte[], byte[]>> deadLetter) {
        return new Taken(partition, new OffsetAndMetadata(++offset), fate, deadLetter);
    }

    private static PromptGroup group(String language) {
        return new PromptGroup(language, "code");
    }

    private static List<Long> offsets(List<Taken> records) {
        return records.stream().map(record -> record.next().offset()).toList();
    }
}
