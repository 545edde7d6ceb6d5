package dev.sparsecast.deployer.materialization;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.deployer.state.StateException;
import dev.sparsecast.wanda.Progress;
import dev.sparsecast.wanda.PruningException;
import dev.sparsecast.wanda.mask.SubModelMask;
import dev.sparsecast.wanda.materialization.CheckpointWriter;
import java.nio.file.Path;

/** The last part of every way that goes through a mask: the base model with that mask, in the staging directory. */
final class MaskedCheckpoint {
    private MaskedCheckpoint() {}

    /**
     * Writes the checkpoint of the promised mask and of no other.
     *
     * @throws UnusableArtifactException if it is another mask, or is for another model
     */
    static Path write(Checkpoint base, SubModelMask mask, Assignment assignment, int threads) {
        String promised = assignment.release().recipe().maskDigest();
        if (!mask.digest().equals(promised)) {
            throw new UnusableArtifactException(
                    "its " + assignment.artifact().kind().label() + " gives the mask " + mask.digest()
                            + ", promised was " + promised,
                    true);
        }
        Path target = assignment.staged("checkpoint");
        try {
            CheckpointWriter.writeUnsynced(base, mask, target, threads, Progress.SILENT);
        } catch (PruningException e) {
            throw new StateException(e.getMessage() + "; check the disk", e);
        }
        return target;
    }
}
