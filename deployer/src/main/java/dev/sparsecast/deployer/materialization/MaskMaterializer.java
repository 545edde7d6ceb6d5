package dev.sparsecast.deployer.materialization;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.checkpoint.CheckpointException;
import dev.sparsecast.schemas.SubModelRelease.ArtifactKind;
import dev.sparsecast.store.ArtifactStore;
import dev.sparsecast.wanda.PruningException;
import dev.sparsecast.wanda.mask.MappedMask;
import dev.sparsecast.wanda.mask.MaskFile;
import java.nio.file.Path;

/** Puts a mask on the base model on this disk: nothing is computed, so nothing can come out different. */
public final class MaskMaterializer implements Materializer {
    private static final String FILE = "mask.safetensors";

    private final Checkpoint base;
    private final ArtifactStore store;
    private final int threads;

    public MaskMaterializer(Checkpoint base, ArtifactStore store, int threads) {
        this.base = base;
        this.store = store;
        this.threads = threads;
    }

    @Override
    public ArtifactKind kind() {
        return ArtifactKind.MASK;
    }

    @Override
    public void stage(Assignment assignment) {
        StagedFile.fetch(store, assignment, assignment.staged(FILE));
    }

    @Override
    public void verify(Assignment assignment) {
        try (MappedMask mapped = MaskFile.open(assignment.staged(FILE))) {
            Announced.check(
                    "mask",
                    assignment.release(),
                    mapped.mask().modelDigest(),
                    mapped.mask().digest(),
                    mapped.mask().parameters());
            mapped.mask().checkFits(base.config());
        } catch (PruningException | CheckpointException e) {
            throw new UnusableArtifactException("its mask cannot be used: " + e.getMessage(), true, e);
        }
    }

    @Override
    public Path materialize(Assignment assignment) {
        try (MappedMask mapped = MaskFile.open(assignment.staged(FILE))) {
            return MaskedCheckpoint.write(base, mapped.mask(), assignment, threads);
        }
    }
}
