package dev.sparsecast.pruner.sequential;

import dev.sparsecast.checkpoint.ModelConfig;
import dev.sparsecast.checkpoint.Tensor;
import dev.sparsecast.checkpoint.Weights;

/** One decoder block of a model as if it were the only one, so that it can be pruned by itself. */
record SingleBlock(Weights base, int layer) implements Weights {
    private static final String FIRST = "model.layers.0.";

    @Override
    public ModelConfig config() {
        return base.config().withLayers(1);
    }

    @Override
    public Tensor tensor(String name) {
        return base.tensor(inBase(name));
    }

    @Override
    public boolean hasTensor(String name) {
        return base.hasTensor(inBase(name));
    }

    /** What the base calls a tensor or module of this block. */
    String inBase(String name) {
        return name.startsWith(FIRST) ? "model.layers." + layer + "." + name.substring(FIRST.length()) : name;
    }
}
