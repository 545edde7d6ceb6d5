package dev.sparsecast.worker.loop;

import java.util.function.LongUnaryOperator;

/**
 * How many tokens to run through the model between two polls: several batches, to be sorted by length together, but not
 * more than take a few seconds at the speed measured so far, or the group would take the worker for dead.
 */
final class StepSize {
    private static final int MOST_BATCHES = 8;
    private static final double SECONDS = 10;

    /** How much the newest step weighs in the running speed. */
    private static final double NEWEST = 0.3;

    private final int batchTokens;
    private double tokensPerSecond;

    StepSize(int batchTokens) {
        this.batchTokens = batchTokens;
    }

    /** Tokens of the next step. Before anything was measured, one batch. */
    long tokens() {
        long affordable = (long) (tokensPerSecond * SECONDS);
        return Math.clamp(affordable, batchTokens, (long) MOST_BATCHES * batchTokens);
    }

    /** Runs a step, which is given the size and returns how many tokens it ran, and learns from it. */
    void measure(LongUnaryOperator step) {
        long start = System.nanoTime();
        long tokens = step.applyAsLong(tokens());
        learn(tokens, (System.nanoTime() - start) / 1e9);
    }

    void learn(long tokens, double seconds) {
        if (tokens > 0 && seconds > 0) {
            double speed = tokens / seconds;
            tokensPerSecond = tokensPerSecond == 0 ? speed : NEWEST * speed + (1 - NEWEST) * tokensPerSecond;
        }
    }
}
