package dev.sparsecast.checkpoint;

/**
 * What {@code config.json} says of a decoder-only transformer, in the terms that the forward pass and the pruner need.
 *
 * @param architecture the class that transformers would load, such as {@code LlamaForCausalLM}
 * @param hiddenSize width of the residual stream
 * @param intermediateSize width of the MLP's hidden vector
 * @param layers number of decoder blocks
 * @param heads query heads
 * @param keyValueHeads key and value heads, a divisor of {@code heads}
 * @param headDim width of one head
 * @param vocabularySize rows of the embedding
 * @param maxPositions longest sequence, in tokens
 * @param rmsNormEpsilon epsilon inside the root of RMSNorm
 * @param ropeTheta base of the rotary position embedding
 * @param tiedEmbeddings whether the head is the embedding, transposed
 */
public record ModelConfig(
        String architecture,
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

    /**
     * The family of the architecture.
     *
     * @throws CheckpointException if it is not supported
     */
    public ModelFamily family() {
        return ModelFamily.ofArchitecture(architecture)
                .orElseThrow(() -> new CheckpointException("the architecture " + architecture
                        + " is not supported; supported are " + ModelFamily.supported()));
    }
}
