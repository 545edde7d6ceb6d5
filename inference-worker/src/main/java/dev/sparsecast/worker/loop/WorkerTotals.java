package dev.sparsecast.worker.loop;

/**
 * What a worker has published since it started. Only committed work counts.
 *
 * @param prompts prompts counted into norms
 * @param tokens their tokens
 * @param heldOut prompts kept for the quality gate
 * @param cut prompts among the counted that were longer than allowed
 * @param deadLetters records rejected
 * @param oversizeRejected records among the rejected that were longer than allowed
 * @param overShare prompts not counted because their sources had enough
 * @param flushes transactions
 */
public record WorkerTotals(
        long prompts,
        long tokens,
        long heldOut,
        long cut,
        long deadLetters,
        long oversizeRejected,
        long overShare,
        long flushes) {
    static final WorkerTotals NONE = new WorkerTotals(0, 0, 0, 0, 0, 0, 0, 0);

    WorkerTotals plus(PendingFlush flushed) {
        return new WorkerTotals(
                prompts + flushed.accepted(),
                tokens + flushed.sums().tokens(),
                heldOut + flushed.heldOut(),
                cut + flushed.cut(),
                deadLetters + flushed.deadLetters().size(),
                oversizeRejected + flushed.oversizeRejected(),
                overShare
                        + flushed.overShare().values().stream()
                                .mapToLong(PendingFlush.OverShare::prompts)
                                .sum(),
                flushes + 1);
    }
}
