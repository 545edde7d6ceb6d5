package dev.sparsecast.producers;

import java.time.Duration;

/** Says when the next prompt may go so that a rate is kept on average from the start; being late is caught up on. */
final class RateLimit {
    private final double perSecond;
    private long sent;

    /**
     * A limit.
     *
     * @param perSecond prompts a second; infinite for none
     */
    RateLimit(double perSecond) {
        if (!(perSecond > 0)) {
            throw new PromptSourceException("the rate must be a positive number of prompts a second, not " + perSecond);
        }
        this.perSecond = perSecond;
    }

    /** How long to wait before sending the next, if {@code elapsed} has passed since the start. */
    Duration next(Duration elapsed) {
        double dueNanos = sent++ / perSecond * 1e9;
        return Duration.ofNanos(Math.max(0, (long) dueNanos - elapsed.toNanos()));
    }
}
