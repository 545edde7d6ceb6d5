package dev.sparsecast.deployer.materialization;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.checkpoint.CheckpointException;
import dev.sparsecast.deployer.state.StateException;
import dev.sparsecast.deployer.trust.RefusedException;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.Artifact;
import dev.sparsecast.schemas.SubModelRelease.ArtifactKind;
import dev.sparsecast.schemas.SubModelRelease.PruningRecipe;
import dev.sparsecast.store.ArtifactStore;
import dev.sparsecast.store.ArtifactStore.Stored;
import dev.sparsecast.store.DamagedArtifactException;
import dev.sparsecast.store.VerifiedFetch;
import dev.sparsecast.wanda.Progress;
import dev.sparsecast.wanda.PruningException;
import dev.sparsecast.wanda.PruningParameters;
import dev.sparsecast.wanda.mask.SubModelMask;
import dev.sparsecast.wanda.materialization.CheckpointWriter;
import dev.sparsecast.wanda.recipe.Recipe;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;

/** Prunes the base model on this disk by a recipe; the mask that comes out must be the promised one. */
public final class RecipeMaterializer implements Materializer {
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
    public void stage(Artifact artifact, Path staging) {
        try {
            VerifiedFetch.fetch(
                    store, artifact.uri(), new Stored(artifact.bytes(), artifact.sha256()), staging.resolve(FILE));
        } catch (DamagedArtifactException e) {
            throw new RefusedException("it cannot be trusted: " + e.getMessage(), e);
        }
    }

    @Override
    public void verify(SubModelRelease release, Path staging) {
        try {
            Recipe recipe = Recipe.read(staging.resolve(FILE));
            PruningRecipe announced = release.recipe();
            check("base model", release.baseDigest(), recipe.modelDigest());
            check("mask digest", announced.maskDigest(), recipe.maskDigest());
            PruningParameters parameters = PruningParameters.parse(
                    announced.method(),
                    announced.pattern(),
                    OptionalDouble.of(announced.sparsity()),
                    Optional.of(announced.budget()));
            check(
                    "method, pattern, sparsity and budget",
                    parameters.label(),
                    recipe.parameters().label());
        } catch (PruningException | CheckpointException e) {
            throw new RefusedException("its recipe cannot be used: " + e.getMessage(), e);
        }
    }

    private static void check(String what, String announced, String found) {
        if (!announced.equals(found)) {
            throw new RefusedException("its recipe is another one than was announced: the " + what + " is " + found
                    + ", announced was " + announced);
        }
    }

    @Override
    public Path materialize(SubModelRelease release, Path staging) {
        SubModelMask mask = prune(Recipe.read(staging.resolve(FILE)));
        Path target = staging.resolve("checkpoint");
        try {
            CheckpointWriter.write(base, mask, target, threads, Progress.SILENT);
        } catch (PruningException e) {
            throw new StateException(e.getMessage() + "; check the disk", e);
        }
        return target;
    }

    private SubModelMask prune(Recipe recipe) {
        try {
            return recipe.apply(base, threads);
        } catch (PruningException e) {
            throw new RefusedException("its recipe does not give the promised mask: " + e.getMessage(), e);
        }
    }
}
