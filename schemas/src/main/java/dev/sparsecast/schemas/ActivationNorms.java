package dev.sparsecast.schemas;

import java.time.Instant;
import java.util.List;

/**
 * What one flush of one worker saw of one group in one decoder block. Group and layer stand in the record's key
 * ({@link LayerKey}).
 *
 * @param flushId one id for all layers and groups of a flush
 * @param worker instance id of the worker
 * @param flushedAt one instant for all layers and groups of a flush, also the record's timestamp
 * @param layers decoder blocks of the model
 * @param tokens tokens summed over
 * @param prompts prompts that they came from
 * @param distinctSources different sources among them
 * @param sources which, in a sketch that merges; empty from workers before there were any
 */
public record ActivationNorms(
        String flushId,
        String worker,
        Instant flushedAt,
        int layers,
        long tokens,
        long prompts,
        long distinctSources,
        SourceSketch sources,
        List<TapNorms> taps) {
    public ActivationNorms {
        taps = List.copyOf(taps);
    }

    /** Norms without a sketch of their sources. */
    public ActivationNorms(
            String flushId,
            String worker,
            Instant flushedAt,
            int layers,
            long tokens,
            long prompts,
            long distinctSources,
            List<TapNorms> taps) {
        this(flushId, worker, flushedAt, layers, tokens, prompts, distinctSources, SourceSketch.EMPTY, taps);
    }
}
