package dev.sparsecast.deployer.materialization;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.checkpoint.CheckpointException;
import dev.sparsecast.schemas.SubModelRelease.ArtifactKind;
import dev.sparsecast.store.ArtifactStore;
import dev.sparsecast.wanda.PruningException;
import dev.sparsecast.wanda.mask.SubModelMask;
import dev.sparsecast.wanda.recipe.Recipe;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Prunes the base model on this disk by a recipe; the mask that comes out must be the promised one. */
public final class RecipeMaterializer implements Materializer {
    private static final Logger LOG = LoggerFactory.getLogger(RecipeMaterializer.class);
    private static final String FILE = "recipe.safetensors";

    private final Checkpoint base;
    private final ArtifactStore store;
    private final int threads;

    public RecipeMaterializer(Checkpoint base, ArtifactStore store, int threads) {
        this.base = base;
        this.store = store;
        this.threads = threads;
    }

    @Override
    public ArtifactKind kind() {
        return ArtifactKind.RECIPE;
    }

    @Override
    public void stage(Assignment assignment) {
        StagedFile.fetch(store, assignment, assignment.staged(FILE));
    }

    @Override
    public void verify(Assignment assignment) {
        try {
            Recipe recipe = Recipe.read(assignment.staged(FILE));
            Announced.check(
                    "recipe", assignment.release(), recipe.modelDigest(), recipe.maskDigest(), recipe.parameters());
        } catch (PruningException | CheckpointException e) {
            throw new UnusableArtifactException("its recipe cannot be used: " + e.getMessage(), true, e);
        }
    }

    @Override
    public Path materialize(Assignment assignment) {
        return MaskedCheckpoint.write(base, prune(assignment), assignment, threads);
    }

    private SubModelMask prune(Assignment assignment) {
        try {
            return Recipe.read(assignment.staged(FILE)).apply(base, threads);
        } catch (PruningException e) {
            LOG.atError()
                    .addKeyValue("submodel", assignment.release().submodel())
                    .addKeyValue("version", assignment.release().version())
                    .addKeyValue("java", System.getProperty("java.vm.version"))
                    .addKeyValue("architecture", System.getProperty("os.arch"))
                    .log("A recipe does not give the promised mask. Recipes give the same mask on every machine:"
                            + " the base model on this disk is damaged, or this Java or processor computes"
                            + " wrong, or the pruner's did. Compare with another deployer");
            throw new UnusableArtifactException(
                    "its recipe does not give the promised mask here: " + e.getMessage(), true, e);
        }
    }
}
