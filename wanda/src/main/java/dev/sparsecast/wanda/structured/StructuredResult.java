package dev.sparsecast.wanda.structured;

/**
 * What a structured pruning did.
 *
 * @param weights weights of the prunable modules of the base model
 * @param keptWeights how many of them the smaller model has
 * @param removedShare the exact share that was removed
 * @param heads query heads of each block of the smaller model
 * @param keyValueHeads its key and value heads
 * @param intermediateSize its MLP's width
 * @param addedBiases elements of the biases that were added
 * @param selectionSeconds scores and choice
 * @param seconds everything
 * @param threads threads used
 * @param modelDigest digest of the base model
 * @param digest digest of the smaller model
 */
public record StructuredResult(
        long weights,
        long keptWeights,
        double removedShare,
        int heads,
        int keyValueHeads,
        int intermediateSize,
        long addedBiases,
        double selectionSeconds,
        double seconds,
        int threads,
        String modelDigest,
        String digest) {}
