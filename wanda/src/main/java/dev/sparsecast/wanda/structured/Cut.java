package dev.sparsecast.wanda.structured;

import dev.sparsecast.checkpoint.ModelConfig;
import java.util.List;

/**
 * What is left of a model: the same number of key and value heads, with all their query heads, and of neurons in every
 * block, since an ordinary {@code config.json} knows but one number for all.
 *
 * @param keyValueHeads heads kept in each block
 * @param neurons width of the MLP that is kept in each block
 * @param layers which ones, for each block
 */
record Cut(int keyValueHeads, int neurons, List<Kept> layers) {
    Cut {
        layers = List.copyOf(layers);
    }

    /**
     * What stays of a block.
     *
     * @param keyValueHeads indices, ascending
     * @param neurons indices, ascending
     */
    @SuppressWarnings("ArrayRecordComponent")
    record Kept(int[] keyValueHeads, int[] neurons) {}

    /** Query heads kept in each block. */
    int heads(ModelConfig config) {
        return keyValueHeads * (config.heads() / config.keyValueHeads());
    }

    /** Whether every block loses heads. */
    boolean cutsHeads(ModelConfig config) {
        return keyValueHeads < config.keyValueHeads();
    }

    /** Whether every block loses neurons. */
    boolean cutsNeurons(ModelConfig config) {
        return neurons < config.intermediateSize();
    }
}
