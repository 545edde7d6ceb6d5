package dev.sparsecast.worker.model;

/**
 * How well a model predicts one sequence.
 *
 * @param negativeLogLikelihood sum of {@code -ln p(token | tokens before it)} over the predicted tokens, in nats
 * @param predictedTokens tokens but the first, which nothing predicts
 */
public record SequenceLoss(double negativeLogLikelihood, int predictedTokens) {}
