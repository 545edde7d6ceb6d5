package dev.sparsecast.worker.model;

import dev.sparsecast.checkpoint.Tap;

/**
 * Receives the activation sums of groups of sequences. Sums are float32 inside a pass of the model; whoever adds passes up
 * does so in float64.
 */
@FunctionalInterface
public interface ActivationObserver {
    /**
     * One tap's sums over the tokens of some sequences.
     *
     * @param layer decoder block
     * @param tap which input vector
     * @param groups the group that each row belongs to; a group may have several rows
     * @param sumSquares {@code Σx²}, [row, channel] row-major
     * @param sum {@code Σx}, of the same shape
     */
    void observe(int layer, Tap tap, int[] groups, float[] sumSquares, float[] sum);
}
