package dev.sparsecast.deployer.materialization;

import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.Artifact;
import dev.sparsecast.schemas.SubModelRelease.ArtifactKind;
import java.nio.file.Path;

/**
 * Makes checkpoints from one kind of artifact, in three parts that each leave nothing outside the staging directory. Each
 * throws {@link dev.sparsecast.deployer.trust.RefusedException} for a release that can never be installed, and
 * {@link dev.sparsecast.store.StoreException} or {@link dev.sparsecast.deployer.state.StateException} for trouble that is
 * not the release's fault.
 */
public interface Materializer {
    /** The kind of artifact. */
    ArtifactKind kind();

    /** Copies the artifact from the store into an empty staging directory and checks it against its size and digest. */
    void stage(Artifact artifact, Path staging);

    /** Checks that what was staged is what the manifest says. */
    void verify(SubModelRelease release, Path staging);

    /**
     * Makes the checkpoint and checks its mask.
     *
     * @return the checkpoint's directory, inside the staging directory
     */
    Path materialize(SubModelRelease release, Path staging);
}
