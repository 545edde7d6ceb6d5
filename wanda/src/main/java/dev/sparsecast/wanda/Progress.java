package dev.sparsecast.wanda;

/** Told how far a long piece of work is; called from several threads, never twice at once, with {@code done} not falling. */
@FunctionalInterface
public interface Progress {
    /** Nobody listens. */
    Progress SILENT = (stage, done, total) -> {};

    /**
     * So much is done.
     *
     * @param stage what is being done, such as {@code pruning}
     * @param done bytes or weights done so far
     * @param total all of them
     */
    void advanced(String stage, long done, long total);
}
