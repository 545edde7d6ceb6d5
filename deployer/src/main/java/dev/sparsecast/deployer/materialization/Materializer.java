package dev.sparsecast.deployer.materialization;

import dev.sparsecast.schemas.SubModelRelease.ArtifactKind;
import java.nio.file.Path;

/**
 * Makes checkpoints from one kind of artifact, in three parts that each leave nothing outside the staging directory. Each
 * throws
 *
 * <ul>
 *   <li>{@link dev.sparsecast.deployer.trust.RefusedException} for a release that contradicts itself and must never be
 *       installed, whatever else it holds,
 *   <li>{@link UnusableArtifactException} where another artifact of the release may do,
 *   <li>{@link dev.sparsecast.store.StoreException} if the store does not answer, and
 *   <li>{@link dev.sparsecast.deployer.state.StateException} for trouble that is not the release's fault.
 * </ul>
 *
 * Whatever the kind is, the checkpoint that comes out has the mask whose digest the manifest promises.
 */
public interface Materializer {
    /** The kind of artifact. */
    ArtifactKind kind();

    /** Copies the artifact from the store into an empty staging directory and checks it against its size and digest. */
    void stage(Assignment assignment);

    /** Checks that what was staged is what the manifest says. */
    void verify(Assignment assignment);

    /**
     * Makes the checkpoint, which need not be synced, and checks its mask.
     *
     * @return the checkpoint's directory, inside the staging directory
     */
    Path materialize(Assignment assignment);
}
