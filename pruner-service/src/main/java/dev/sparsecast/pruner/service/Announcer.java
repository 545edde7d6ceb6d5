package dev.sparsecast.pruner.service;

import dev.sparsecast.pruner.release.Ownership;

/** Tells the world of releases and decisions. */
interface Announcer extends Ownership, AutoCloseable {
    /**
     * Announces. When this returns the release exists, for good, and the commands were acted on.
     *
     * @throws ReplacedException if another pruner has taken over
     * @throws PrunerException if it is not known whether it was announced
     * @throws RuntimeException of any other kind if it certainly was not
     */
    void announce(Announcement announcement);

    @Override
    void close();
}
