package dev.sparsecast.checkpoint;

/** A model's weights by name: a checkpoint, or a checkpoint seen through a mask. */
public interface Weights {
    /** The model's shape. */
    ModelConfig config();

    /**
     * A weight tensor.
     *
     * @throws CheckpointException if there is none of that name
     */
    Tensor tensor(String name);

    /** Whether there is a tensor of that name. */
    boolean hasTensor(String name);
}
