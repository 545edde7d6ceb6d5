package dev.sparsecast.worker.loop;

import dev.sparsecast.worker.profile.PromptGroup;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/** What has been taken from the topics since the last flush, beside the activations themselves. */
final class PendingFlush {
    private final Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
    private final List<ProducerRecord<byte[], byte[]>> deadLetters = new ArrayList<>();
    private final Map<PromptGroup, Set<String>> sources = new HashMap<>();
    private long records;
    private long deadLetterBytes;
    private long accepted;
    private long heldOut;
    private long cut;
    private long firstNanos;

    void accept(ConsumerRecord<byte[], byte[]> record, Intake.Accepted prompt) {
        taken(record);
        accepted++;
        if (prompt.cut()) {
            cut++;
        }
        sources.computeIfAbsent(prompt.group(), ignored -> new HashSet<>()).add(prompt.source());
    }

    void holdOut(ConsumerRecord<byte[], byte[]> record) {
        taken(record);
        heldOut++;
    }

    void reject(ConsumerRecord<byte[], byte[]> record, ProducerRecord<byte[], byte[]> deadLetter) {
        taken(record);
        deadLetters.add(deadLetter);
        deadLetterBytes += deadLetter.value() == null ? 0 : deadLetter.value().length;
    }

    private void taken(ConsumerRecord<byte[], byte[]> record) {
        if (records++ == 0) {
            firstNanos = System.nanoTime();
        }
        offsets.put(
                new TopicPartition(record.topic(), record.partition()),
                new OffsetAndMetadata(record.offset() + 1, record.leaderEpoch(), ""));
    }

    boolean isEmpty() {
        return records == 0;
    }

    /** Since the first record was taken. */
    Duration age() {
        return isEmpty() ? Duration.ZERO : Duration.ofNanos(System.nanoTime() - firstNanos);
    }

    long records() {
        return records;
    }

    long accepted() {
        return accepted;
    }

    long heldOut() {
        return heldOut;
    }

    long cut() {
        return cut;
    }

    /** Where each partition is to be read on from, once this is published. */
    Map<TopicPartition, OffsetAndMetadata> offsets() {
        return offsets;
    }

    List<ProducerRecord<byte[], byte[]>> deadLetters() {
        return deadLetters;
    }

    /** Bytes of their values, which wait in memory. */
    long deadLetterBytes() {
        return deadLetterBytes;
    }

    /** The different sources that the accepted prompts of a group came from; unknown ones count as one. */
    Set<String> sources(PromptGroup group) {
        return sources.getOrDefault(group, Set.of());
    }
}
