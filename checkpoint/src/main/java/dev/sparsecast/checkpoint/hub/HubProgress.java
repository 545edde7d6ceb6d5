package dev.sparsecast.checkpoint.hub;

/** Is told how far a download is. */
@FunctionalInterface
public interface HubProgress {
    /** Tells nobody. */
    HubProgress NONE = (file, done, total) -> {};

    /**
     * Bytes of a file have arrived.
     *
     * @param file name of the file
     * @param done bytes that are here, those of an earlier download included
     * @param total bytes of the whole file
     */
    void arrived(String file, long done, long total);
}
