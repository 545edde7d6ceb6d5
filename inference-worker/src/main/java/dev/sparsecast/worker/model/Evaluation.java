package dev.sparsecast.worker.model;

import java.util.List;

/**
 * How well a model predicts a list of sequences.
 *
 * @param sequences one by one, in the order given, so that two models can be compared pair by pair
 */
public record Evaluation(List<SequenceLoss> sequences) {
    public Evaluation {
        sequences = List.copyOf(sequences);
    }

    /** Sum over all sequences, in nats. */
    public double negativeLogLikelihood() {
        return sequences.stream()
                .mapToDouble(SequenceLoss::negativeLogLikelihood)
                .sum();
    }

    /** Predicted tokens of all sequences. */
    public long predictedTokens() {
        return sequences.stream().mapToLong(SequenceLoss::predictedTokens).sum();
    }

    /** {@code exp(negativeLogLikelihood / predictedTokens)}; not a number if nothing was predicted. */
    public double perplexity() {
        return Math.exp(negativeLogLikelihood() / predictedTokens());
    }
}
