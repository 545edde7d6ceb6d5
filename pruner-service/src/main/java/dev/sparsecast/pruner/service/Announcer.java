package dev.sparsecast.pruner.service;

import dev.sparsecast.pruner.release.Ownership;
import dev.sparsecast.schemas.SubModelRelease;

/** Tells the world of releases. */
interface Announcer extends Ownership, AutoCloseable {
    /**
     * Announces a release. When this returns the release exists, for good.
     *
     * @throws PrunerException if another pruner has taken over, or it is not known whether the release was announced
     * @throws RuntimeException of any other kind if it certainly was not
     */
    void announce(SubModelRelease release);

    @Override
    void close();
}
