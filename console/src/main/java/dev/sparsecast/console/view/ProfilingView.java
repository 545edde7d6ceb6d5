package dev.sparsecast.console.view;

import java.time.Instant;
import java.util.List;

/**
 * What the workers have published.
 *
 * @param tokens tokens counted into norms
 * @param prompts prompts counted into norms
 * @param tokensPerSecond of late
 */
public record ProfilingView(long flushes, long tokens, long prompts, double tokensPerSecond, List<WorkerView> workers) {
    /** One worker. */
    public record WorkerView(
            String worker, long flushes, long tokens, long prompts, double tokensPerSecond, Instant lastFlushAt) {}
}
