package dev.sparsecast.worker.loop;

/**
 * What a worker has published since it started. Only committed work counts.
 *
 * @param prompts prompts counted into norms
 * @param tokens their tokens
 * @param heldOut prompts kept for the quality gate
 * @param cut prompts among the counted that were longer than the model's positions
 * @param deadLetters records rejected
 * @param flushes transactions
 */
public record WorkerTotals(long prompts, long tokens, long heldOut, long cut, long deadLetters, long flushes) {
    static final WorkerTotals NONE = new WorkerTotals(0, 0, 0, 0, 0, 0);

    WorkerTotals plus(PendingFlush flushed, long flushedTokens) {
        return new WorkerTotals(
                prompts + flushed.accepted(),
                tokens + flushedTokens,
                heldOut + flushed.heldOut(),
                cut + flushed.cut(),
                deadLetters + flushed.deadLetters().size(),
                flushes + 1);
    }
}
