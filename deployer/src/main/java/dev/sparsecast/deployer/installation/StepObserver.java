package dev.sparsecast.deployer.installation;

import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.ArtifactKind;

/** Sees every step that a release takes, as soon as it is taken and before anything else is done. */
@FunctionalInterface
public interface StepObserver {
    /** Sees nothing. */
    StepObserver NONE = (release, step) -> {};

    void reached(SubModelRelease release, Step step);

    /** Sees that an artifact could not be used. */
    default void passedOver(SubModelRelease release, ArtifactKind kind) {}
}
