package dev.sparsecast.worker.model;

import dev.sparsecast.checkpoint.Weights;
import java.util.List;

/** A model's arithmetic: one thread at a time, one pass at a time. */
interface Decoder extends AutoCloseable {
    /** Logits that exist at a time: the head works through positions in chunks of this many elements. */
    int LOGITS_AT_ONCE = 1 << 24;

    /** How passes of at most so many tokens are made for this decoder. */
    Pass.Limits limits(int passTokens);

    /**
     * Runs a pass through the decoder blocks, without the head, and hands the sums of every tap to the observer.
     *
     * @param sequences the list that was planned
     * @param groups the group of each sequence of the list
     */
    void profile(Pass pass, List<int[]> sequences, int[] groups, ActivationObserver observer);

    /** ln p of every token but the first of every sequence of a pass, in the order of {@link Pass#sequences}. */
    float[] logLikelihoods(Pass pass, List<int[]> sequences);

    /** Final logits of one sequence, [position, vocabulary] row-major. */
    float[] logits(int[] tokens);

    /**
     * The same decoder with the blocks of other weights of its shape. It shares all else with this one, which must stay open
     * meanwhile.
     */
    Decoder withBlocksOf(Weights weights);

    @Override
    void close();
}
