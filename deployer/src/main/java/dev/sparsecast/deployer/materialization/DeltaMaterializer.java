package dev.sparsecast.deployer.materialization;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.checkpoint.CheckpointException;
import dev.sparsecast.deployer.state.InstalledVersion;
import dev.sparsecast.deployer.trust.RefusedException;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.ArtifactKind;
import dev.sparsecast.store.ArtifactStore;
import dev.sparsecast.wanda.Progress;
import dev.sparsecast.wanda.PruningException;
import dev.sparsecast.wanda.delta.DeltaHeader;
import dev.sparsecast.wanda.delta.MaskDelta;
import dev.sparsecast.wanda.mask.SubModelMask;
import java.nio.file.Path;
import java.util.OptionalInt;

/**
 * Turns the mask of the parent, which must be installed here, into that of the release, and puts it on the base model.
 *
 * <p>No mask is kept for that: it is read off the parent's checkpoint, weight by weight, and its digest says whether it is
 * the one. Where the base model has zeros that the parent kept, it does not come out; then another artifact has to do. A
 * mask beside each version would take a sixteenth of its size and be written at each release, for a kind that is taken only
 * where recipes are not: they are smaller.
 */
public final class DeltaMaterializer implements Materializer {
    private static final String FILE = "mask.delta";

    private final Checkpoint base;
    private final ArtifactStore store;
    private final int threads;

    public DeltaMaterializer(Checkpoint base, ArtifactStore store, int threads) {
        this.base = base;
        this.store = store;
        this.threads = threads;
    }

    @Override
    public ArtifactKind kind() {
        return ArtifactKind.DELTA;
    }

    /** Not a byte is fetched if the parent is not here. */
    @Override
    public void stage(Assignment assignment) {
        parent(assignment);
        StagedFile.fetch(store, assignment, assignment.staged(FILE));
    }

    @Override
    public void verify(Assignment assignment) {
        InstalledVersion parent = parent(assignment);
        try {
            DeltaHeader header = MaskDelta.header(assignment.staged(FILE));
            Announced.check("delta", assignment.release(), header.model(), header.result(), header.parameters());
            if (!header.parent().equals(parent.maskDigest())) {
                throw new UnusableArtifactException(
                        "its delta starts from the mask " + header.parent() + ", but that of version "
                                + parent.version() + " here is " + parent.maskDigest(),
                        false);
            }
        } catch (PruningException e) {
            throw new UnusableArtifactException("its delta cannot be used: " + e.getMessage(), true, e);
        }
    }

    private static InstalledVersion parent(Assignment assignment) {
        SubModelRelease release = assignment.release();
        OptionalInt version = release.parent();
        if (version.isEmpty()) {
            throw new UnusableArtifactException("it has a delta but follows no other version", true);
        }
        return assignment
                .directory()
                .installed(version.getAsInt())
                .orElseThrow(() -> new UnusableArtifactException(
                        "its delta starts from version " + version.getAsInt() + ", which is not installed here",
                        false));
    }

    @Override
    public Path materialize(Assignment assignment) {
        SubModelMask parent = maskOf(parent(assignment), assignment);
        SubModelMask mask;
        try {
            mask = MaskDelta.apply(assignment.staged(FILE), parent, threads, Progress.SILENT);
        } catch (PruningException e) {
            throw new UnusableArtifactException(
                    "its delta does not give the promised mask: " + e.getMessage(), true, e);
        }
        return MaskedCheckpoint.write(base, mask, assignment, threads);
    }

    private SubModelMask maskOf(InstalledVersion parent, Assignment assignment) {
        SubModelMask mask;
        try {
            mask = MaskCheck.maskOf(base, assignment.directory().directory(parent.version()), threads);
        } catch (RefusedException | CheckpointException e) {
            throw new UnusableArtifactException(
                    "its delta starts from version " + parent.version() + ", which is damaged on this disk: "
                            + e.getMessage(),
                    false,
                    e);
        }
        if (!mask.digest().equals(parent.maskDigest())) {
            throw new UnusableArtifactException(
                    "its delta starts from version " + parent.version()
                            + ", whose mask cannot be told from its checkpoint, since the base model has zeros itself",
                    false);
        }
        return mask;
    }
}
