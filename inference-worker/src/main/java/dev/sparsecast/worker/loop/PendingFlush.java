package dev.sparsecast.worker.loop;

import dev.sparsecast.checkpoint.ModelConfig;
import dev.sparsecast.worker.profile.PromptGroup;
import dev.sparsecast.worker.profile.PromptSums;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/** What is to be published at once: the records that are through since the last flush, and the sums over their prompts. */
final class PendingFlush {
    private final PromptSums sums;
    private final Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
    private final List<ProducerRecord<byte[], byte[]>> deadLetters = new ArrayList<>();
    private final Map<PromptGroup, Set<String>> sources = new HashMap<>();
    private final Map<PromptGroup, OverShare> overShare = new HashMap<>();
    private long records;
    private long deadLetterBytes;
    private long accepted;
    private long heldOut;
    private long cut;
    private long oversizeRejected;
    private long firstNanos;

    /** Prompts of a group that were not counted because their sources had enough, and their tokens. */
    record OverShare(long prompts, long tokens) {
        static final OverShare NONE = new OverShare(0, 0);

        OverShare plus(int moreTokens) {
            return new OverShare(prompts + 1, tokens + moreTokens);
        }
    }

    PendingFlush(ModelConfig config) {
        this.sums = new PromptSums(config);
    }

    /**
     * Adds what has been through the model, or needed none.
     *
     * @param through records, in the order in which they were read
     * @param sumsOfThem the sums over exactly their prompts
     */
    void add(List<Taken> through, PromptSums sumsOfThem) {
        sums.add(sumsOfThem);
        through.forEach(this::add);
    }

    private void add(Taken record) {
        if (records++ == 0) {
            firstNanos = System.nanoTime();
        }
        offsets.put(record.partition(), record.next());
        record.deadLetter().ifPresent(deadLetters::add);
        deadLetterBytes += record.deadLetterBytes();
        switch (record.fate()) {
            case Intake.Accepted(var prompt, String source, boolean wasCut) -> {
                accepted++;
                cut += wasCut ? 1 : 0;
                sources.computeIfAbsent(prompt.group(), ignored -> new HashSet<>())
                        .add(source);
            }
            case Intake.HeldOut() -> heldOut++;
            case Intake.OverShare over ->
                overShare.merge(
                        over.group(),
                        OverShare.NONE.plus(over.tokens()),
                        (known, ignored) -> known.plus(over.tokens()));
            case Intake.Rejected(String ignored, boolean oversize) -> oversizeRejected += oversize ? 1 : 0;
        }
    }

    boolean isEmpty() {
        return records == 0;
    }

    /** Since the first record came. */
    Duration age() {
        return isEmpty() ? Duration.ZERO : Duration.ofNanos(System.nanoTime() - firstNanos);
    }

    PromptSums sums() {
        return sums;
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

    /** Prompts among the accepted that were too long and lost their end. */
    long cut() {
        return cut;
    }

    /** Prompts among the dead letters that were too long. */
    long oversizeRejected() {
        return oversizeRejected;
    }

    /** What was not counted because its source had enough. */
    Map<PromptGroup, OverShare> overShare() {
        return overShare;
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
