package dev.sparsecast.wanda.pruning;

/**
 * What a run of {@code prune} did.
 *
 * @param weights weights of the prunable modules
 * @param keptWeights how many of them stayed
 * @param selectionSeconds scores and masks from mapped weights
 * @param seconds everything
 * @param threads threads used
 * @param modelDigest digest of the base model
 * @param maskDigest digest of the mask
 */
public record PruneResult(
        long weights,
        long keptWeights,
        double selectionSeconds,
        double seconds,
        int threads,
        String modelDigest,
        String maskDigest) {}
