package dev.sparsecast.worker.model;

import dev.sparsecast.checkpoint.Tap;

/**
 * Receives the activation sums of single sequences. Sums are float32 inside a sequence; whoever adds sequences up does so
 * in float64.
 */
@FunctionalInterface
public interface ActivationObserver {
    /**
     * One tap's sums over the tokens of some sequences.
     *
     * @param layer decoder block
     * @param tap which input vector
     * @param sequences positions of the sequences in the list that is being profiled
     * @param sumSquares {@code Σx²}, [sequence, channel] row-major, rows as in {@code sequences}
     * @param sum {@code Σx}, of the same shape
     */
    void observe(int layer, Tap tap, int[] sequences, float[] sumSquares, float[] sum);
}
