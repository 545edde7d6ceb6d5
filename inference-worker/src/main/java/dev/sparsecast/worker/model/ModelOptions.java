package dev.sparsecast.worker.model;

import dev.sparsecast.worker.device.ComputeDevice;
import dev.sparsecast.worker.device.Precision;

/**
 * How a model is run.
 *
 * @param threads threads inside one operation, for the whole process; 0 leaves the engine's own choice, one a core
 * @param batchTokens most tokens of one forward pass, padding included; a longer sequence is a pass of its own
 * @param precision what linear layers and attention are computed in
 * @param device where
 * @param plain whether to run the plain twin, float32 operations on arrays one by one, instead of the script
 */
public record ModelOptions(int threads, int batchTokens, Precision precision, ComputeDevice device, boolean plain) {
    public static final int DEFAULT_BATCH_TOKENS = 2048;

    public ModelOptions {
        if (threads < 0) {
            throw new IllegalArgumentException("threads must not be negative, but is " + threads);
        }
        if (batchTokens < 1) {
            throw new IllegalArgumentException("batch tokens must be positive, but is " + batchTokens);
        }
        if (plain && precision != Precision.FLOAT32) {
            throw new IllegalArgumentException("the plain twin computes in float32 only, not in " + precision.label());
        }
    }

    /** Float32 on all cores, batches of {@value #DEFAULT_BATCH_TOKENS} tokens. */
    public static ModelOptions defaults() {
        return new ModelOptions(0, DEFAULT_BATCH_TOKENS, Precision.FLOAT32, ComputeDevice.CPU, false);
    }

    public ModelOptions withThreads(int count) {
        return new ModelOptions(count, batchTokens, precision, device, plain);
    }

    public ModelOptions withBatchTokens(int tokens) {
        return new ModelOptions(threads, tokens, precision, device, plain);
    }

    public ModelOptions withPrecision(Precision type) {
        return new ModelOptions(threads, batchTokens, type, device, plain);
    }

    public ModelOptions withDevice(ComputeDevice where) {
        return new ModelOptions(threads, batchTokens, precision, where, plain);
    }

    /** With the plain twin. */
    public ModelOptions plainly() {
        return new ModelOptions(threads, batchTokens, precision, device, true);
    }
}
