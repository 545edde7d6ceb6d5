package dev.sparsecast.deployer.materialization;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.checkpoint.CheckpointException;
import dev.sparsecast.schemas.SubModelRelease.Artifact;
import dev.sparsecast.schemas.SubModelRelease.ArtifactKind;
import dev.sparsecast.store.ArtifactStore;
import dev.sparsecast.store.ArtifactStore.Stored;
import dev.sparsecast.store.DamagedArtifactException;
import dev.sparsecast.store.DirectoryArtifact;
import java.nio.file.Path;

/** Takes a whole checkpoint, after checking that it is the base model with the promised mask and nothing else. */
public final class CheckpointMaterializer implements Materializer {
    private static final String DIRECTORY = "checkpoint";

    private final Checkpoint base;
    private final ArtifactStore store;
    private final int threads;

    public CheckpointMaterializer(Checkpoint base, ArtifactStore store, int threads) {
        this.base = base;
        this.store = store;
        this.threads = threads;
    }

    @Override
    public ArtifactKind kind() {
        return ArtifactKind.CHECKPOINT;
    }

    @Override
    public void stage(Assignment assignment) {
        Artifact artifact = assignment.artifact();
        try {
            DirectoryArtifact.fetch(
                    store,
                    artifact.uri(),
                    new Stored(artifact.bytes(), artifact.sha256()),
                    assignment.staged(DIRECTORY));
        } catch (DamagedArtifactException e) {
            throw StagedFile.damaged(e);
        }
    }

    @Override
    public void verify(Assignment assignment) {
        try {
            MaskCheck.check(
                    base,
                    assignment.staged(DIRECTORY),
                    assignment.release().recipe().maskDigest(),
                    threads);
        } catch (CheckpointException e) {
            throw new UnusableArtifactException("its checkpoint cannot be used: " + e.getMessage(), true, e);
        }
    }

    @Override
    public Path materialize(Assignment assignment) {
        return assignment.staged(DIRECTORY);
    }
}
