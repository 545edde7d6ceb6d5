package dev.sparsecast.worker.loop;

import dev.sparsecast.worker.profile.PromptGroup;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;

/**
 * Records that wait for the model, in the order in which they were read; those that need no model wait for their turn all
 * the same, so that what leaves is always everything up to an offset. It is bounded in tokens, records and bytes: who
 * fills it asks {@link #isFull} first, so each bound is passed by one record at most.
 */
final class PromptQueue {
    private static final int MOST_RECORDS = 4096;
    private static final long MOST_DEAD_LETTER_BYTES = 8 << 20;

    private final ArrayDeque<Taken> waiting = new ArrayDeque<>();
    private long tokens;
    private long deadLetterBytes;
    private long waitingSinceNanos = System.nanoTime();

    void add(Taken record) {
        if (waiting.isEmpty()) {
            waitingSinceNanos = System.nanoTime();
        }
        waiting.addLast(record);
        count(record, 1);
    }

    /** Puts back what {@link #next} gave. */
    void giveBack(List<Taken> records) {
        for (Taken record : records.reversed()) {
            waiting.addFirst(record);
            count(record, 1);
        }
    }

    private void count(Taken record, int sign) {
        tokens += (long) sign * record.tokens();
        deadLetterBytes += sign * record.deadLetterBytes();
    }

    /** Whether to take in nothing more for now. */
    boolean isFull(long mostTokens) {
        return tokens >= mostTokens || waiting.size() >= MOST_RECORDS || deadLetterBytes >= MOST_DEAD_LETTER_BYTES;
    }

    boolean isEmpty() {
        return waiting.isEmpty();
    }

    int records() {
        return waiting.size();
    }

    long tokens() {
        return tokens;
    }

    /** How long the oldest record, at most, has waited since it could have left. */
    Duration age() {
        return isEmpty() ? Duration.ZERO : Duration.ofNanos(System.nanoTime() - waitingSinceNanos);
    }

    /**
     * Removes the records that have waited longest, up to a number of tokens, though at least one if any waits.
     *
     * @param groups groups that are being summed up already
     * @param mostGroups no more groups than these in all, though the first prompt may always join
     */
    List<Taken> next(long mostTokens, Set<PromptGroup> groups, int mostGroups) {
        List<Taken> step = new ArrayList<>();
        Set<PromptGroup> seen = new HashSet<>(groups);
        long taken = 0;
        while (!waiting.isEmpty()) {
            Taken record = waiting.element();
            if (record.fate() instanceof Intake.Accepted accepted) {
                PromptGroup group = accepted.prompt().group();
                boolean fits =
                        taken + record.tokens() <= mostTokens && (seen.contains(group) || seen.size() < mostGroups);
                if (!fits && taken > 0) {
                    break;
                }
                seen.add(group);
            }
            waiting.remove();
            count(record, -1);
            taken += record.tokens();
            step.add(record);
        }
        waitingSinceNanos = System.nanoTime();
        return step;
    }

    /** Forgets what came from these partitions. */
    void drop(Collection<TopicPartition> partitions) {
        waiting.removeIf(record -> {
            boolean gone = partitions.contains(record.partition());
            if (gone) {
                count(record, -1);
            }
            return gone;
        });
    }

    void clear() {
        waiting.clear();
        tokens = 0;
        deadLetterBytes = 0;
    }
}
