package dev.sparsecast.worker.model;

/** Hears how far a long computation is. Called after every batch, by the thread that computes. */
@FunctionalInterface
public interface Progress {
    /** For those who do not listen. */
    Progress NONE = (done, total) -> {};

    /** {@code done} of {@code total} tokens went through the model. */
    void advanced(long done, long total);
}
