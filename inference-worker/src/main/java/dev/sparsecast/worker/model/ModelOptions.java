package dev.sparsecast.worker.model;

/**
 * How a model is run.
 *
 * @param threads threads inside one operation, for the whole process; 0 leaves the engine's own choice, one a core
 * @param batchTokens most tokens of one forward pass, padding included; a longer sequence is a pass of its own
 */
public record ModelOptions(int threads, int batchTokens) {
    public static final int DEFAULT_BATCH_TOKENS = 2048;

    public ModelOptions {
        if (threads < 0) {
            throw new IllegalArgumentException("threads must not be negative, but is " + threads);
        }
        if (batchTokens < 1) {
            throw new IllegalArgumentException("batch tokens must be positive, but is " + batchTokens);
        }
    }

    /** All cores, batches of {@value #DEFAULT_BATCH_TOKENS} tokens. */
    public static ModelOptions defaults() {
        return new ModelOptions(0, DEFAULT_BATCH_TOKENS);
    }

    public ModelOptions withThreads(int count) {
        return new ModelOptions(count, batchTokens);
    }

    public ModelOptions withBatchTokens(int tokens) {
        return new ModelOptions(threads, tokens);
    }
}
