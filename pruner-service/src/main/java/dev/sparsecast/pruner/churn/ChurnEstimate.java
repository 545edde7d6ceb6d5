package dev.sparsecast.pruner.churn;

/**
 * An estimate of mask churn.
 *
 * @param share of all mask bits that would be others, in [0, 1]
 * @param standardError of {@code share}, from the scatter of the sampled rows; 0 if every row was looked at
 * @param sampledWeights weights that were scored
 * @param weights weights of all prunable modules
 */
public record ChurnEstimate(double share, double standardError, long sampledWeights, long weights) {}
