package dev.sparsecast.checkpoint;

/**
 * What {@code config.json} says of a decoder-only transformer, in the terms that the forward pass and the pruner need.
 *
 * @param family the family, which says how {@code config.json} is written
 * @param hiddenSize width of the residual stream
 * @param intermediateSize width of the MLP's hidden vector
 * @param layers number of decoder blocks
 * @param heads query heads
 * @param keyValueHeads key and value heads, a divisor of {@code heads}
 * @param headDim width of one head
 * @param vocabularySize rows of the embedding
 * @param maxPositions longest sequence, in tokens
 * @param rmsNormEpsilon epsilon inside the root of RMSNorm
 * @param rotary the rotary position embedding
 * @param tiedEmbeddings whether the head is the embedding, transposed
 * @param traits in what the blocks differ from the first Llama's
 */
public record ModelConfig(
        ModelFamily family,
        int hiddenSize,
        int intermediateSize,
        int layers,
        int heads,
        int keyValueHeads,
        int headDim,
        int vocabularySize,
        int maxPositions,
        double rmsNormEpsilon,
        RotaryPositions rotary,
        boolean tiedEmbeddings,
        BlockTraits traits) {

    /** A model of the first Llama's kind. */
    public static ModelConfig llama(
            int hiddenSize,
            int intermediateSize,
            int layers,
            int heads,
            int keyValueHeads,
            int headDim,
            int vocabularySize,
            int maxPositions,
            double rmsNormEpsilon,
            double ropeTheta,
            boolean tiedEmbeddings) {
        return new ModelConfig(
                ModelFamily.LLAMA,
                hiddenSize,
                intermediateSize,
                layers,
                heads,
                keyValueHeads,
                headDim,
                vocabularySize,
                maxPositions,
                rmsNormEpsilon,
                RotaryPositions.unscaled(ropeTheta),
                tiedEmbeddings,
                BlockTraits.LLAMA);
    }

    /** The same model with another number of decoder blocks. */
    public ModelConfig withLayers(int count) {
        return new ModelConfig(
                family,
                hiddenSize,
                intermediateSize,
                count,
                heads,
                keyValueHeads,
                headDim,
                vocabularySize,
                maxPositions,
                rmsNormEpsilon,
                rotary,
                tiedEmbeddings,
                traits);
    }
}
