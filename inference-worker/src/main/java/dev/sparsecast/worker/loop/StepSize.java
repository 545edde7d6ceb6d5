package dev.sparsecast.worker.loop;

/**
 * How many tokens to run through the model in one step: several batches, to be sorted by length together, but not more
 * than take a few seconds at the speed measured so far. Flushes and an orderly end wait for the step in hand.
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

    void learn(long tokens, double seconds) {
        if (tokens > 0 && seconds > 0) {
            double speed = tokens / seconds;
            tokensPerSecond = tokensPerSecond == 0 ? speed : NEWEST * speed + (1 - NEWEST) * tokensPerSecond;
        }
    }
}
