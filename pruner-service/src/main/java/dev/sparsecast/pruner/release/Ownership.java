package dev.sparsecast.pruner.release;

/** Whether this pruner is still the one in charge of its model's releases. */
@FunctionalInterface
public interface Ownership {
    /**
     * Returns if it is.
     *
     * @throws RuntimeException if another pruner has taken over, or it cannot be told
     */
    void confirm();
}
