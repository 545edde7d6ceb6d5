package dev.sparsecast.worker.loop;

import java.time.Duration;

/**
 * When a worker publishes what it has gathered: as soon as one of these is reached.
 *
 * @param tokens tokens gathered
 * @param prompts records taken from the topics, whether counted, held out or rejected
 * @param interval time since the first of them
 */
public record FlushPolicy(long tokens, long prompts, Duration interval) {
    public FlushPolicy {
        if (tokens < 1 || prompts < 1 || interval.isNegative() || interval.isZero()) {
            throw new IllegalArgumentException("a flush needs at least 1 token, 1 prompt and 1 ms, but was set to "
                    + tokens + " tokens, " + prompts + " prompts and " + interval.toMillis() + " ms");
        }
    }

    /** 100,000 tokens, 2,000 prompts or 10 seconds. */
    public static FlushPolicy defaults() {
        return new FlushPolicy(100_000, 2_000, Duration.ofSeconds(10));
    }

    /**
     * Whether it is time.
     *
     * @param pendingTokens tokens since the last flush
     * @param pendingRecords records since the last flush; nothing is due without any
     * @param age time since the first of them
     */
    public boolean isDue(long pendingTokens, long pendingRecords, Duration age) {
        return pendingRecords > 0
                && (pendingTokens >= tokens || pendingRecords >= prompts || age.compareTo(interval) >= 0);
    }
}
