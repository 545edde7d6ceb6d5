package dev.sparsecast.pruner.release;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.pruner.snapshot.Calibrations;
import dev.sparsecast.pruner.snapshot.GroupSnapshot;
import dev.sparsecast.pruner.specification.SubModelSpecification;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.Artifact;
import dev.sparsecast.schemas.SubModelRelease.ArtifactKind;
import dev.sparsecast.schemas.SubModelRelease.GroupProvenance;
import dev.sparsecast.schemas.SubModelRelease.PruningRecipe;
import dev.sparsecast.schemas.SubModelRelease.Quality;
import dev.sparsecast.schemas.SubModelRelease.Signature;
import dev.sparsecast.schemas.SubModelRelease.Trigger;
import dev.sparsecast.schemas.signing.ReleaseManifest;
import dev.sparsecast.schemas.signing.SigningKey;
import dev.sparsecast.store.ArtifactStore;
import dev.sparsecast.store.ArtifactStore.Stored;
import dev.sparsecast.store.DirectoryArtifact;
import dev.sparsecast.store.Durable;
import dev.sparsecast.wanda.Calibration;
import dev.sparsecast.wanda.Progress;
import dev.sparsecast.wanda.mask.SubModelMask;
import dev.sparsecast.wanda.materialization.CheckpointWriter;
import dev.sparsecast.wanda.pruning.Pruner;
import dev.sparsecast.wanda.recipe.Recipe;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Makes candidates from snapshots, and releases from candidates. What a release consists of lies in the store under
 * {@code <model>/<submodel>/<version>/} before it is announced. Until then the version counts for nothing: what an
 * earlier attempt left there is removed first.
 */
public final class ReleaseBuilder {
    private final Checkpoint base;
    private final ArtifactStore store;
    private final SigningKey key;
    private final int threads;
    private final Clock clock;

    public ReleaseBuilder(Checkpoint base, ArtifactStore store, SigningKey key, int threads, Clock clock) {
        this.base = base;
        this.store = store;
        this.key = key;
        this.threads = threads;
        this.clock = clock;
    }

    /** Prunes by the snapshots of the sub-model's groups. */
    public Candidate prune(SubModelSpecification specification, Trigger trigger, List<GroupSnapshot> snapshots) {
        double[] weights = specification.groups().stream()
                .mapToDouble(SubModelSpecification.Group::weight)
                .toArray();
        Calibration calibration =
                Calibration.of(Calibrations.mix(snapshots, weights, base.digest()), base.config(), base.digest());
        SubModelMask mask = new Pruner()
                .prune(base, List.of(calibration), specification.parameters(), threads)
                .getFirst();
        return new Candidate(specification, trigger, snapshots, calibration, mask);
    }

    /** The mask of a release that was announced earlier, made again from its recipe in the store. */
    public SubModelMask maskOf(SubModelRelease release) {
        Artifact artifact = release.artifact(ArtifactKind.RECIPE)
                .orElseThrow(() -> new IllegalStateException("release without a recipe"));
        return inTemporaryDirectory(directory -> {
            Path file = directory.resolve("recipe.safetensors");
            dev.sparsecast.store.VerifiedFetch.fetch(
                    store, artifact.uri(), new Stored(artifact.bytes(), artifact.sha256()), file);
            return Recipe.read(file).apply(base, threads);
        });
    }

    /**
     * Puts everything into the store and signs.
     *
     * @param parent the release in use
     */
    public SubModelRelease build(Candidate candidate, Quality quality, Optional<SubModelRelease> parent) {
        int version = parent.map(release -> release.version() + 1).orElse(1);
        SubModelSpecification specification = candidate.specification();
        String prefix = base.revision() + "/" + specification.name() + "/" + version;
        store.list(prefix + "/").forEach(store::delete);
        List<Artifact> artifacts = inTemporaryDirectory(directory -> putArtifacts(candidate, prefix, directory));
        SubModelRelease unsigned = new SubModelRelease(
                base.revision(),
                specification.name(),
                version,
                parent.isPresent() ? OptionalInt.of(parent.get().version()) : OptionalInt.empty(),
                base.digest(),
                candidate.trigger(),
                new PruningRecipe(
                        specification.parameters().method().label(),
                        specification.parameters().pattern().label(),
                        specification.parameters().sparsity(),
                        candidate.mask().digest(),
                        candidate.snapshots().getFirst().halfLifeTokens()),
                artifacts,
                quality,
                provenance(candidate),
                candidate.snapshots().stream()
                        .map(GroupSnapshot::completedAt)
                        .max(Comparator.naturalOrder())
                        .orElseThrow(),
                clock.instant(),
                "",
                Signature.NONE);
        SubModelRelease signed = key.sign(unsigned);
        inTemporaryDirectory(directory -> putManifest(signed, prefix, directory));
        return signed;
    }

    private List<Artifact> putArtifacts(Candidate candidate, String prefix, Path directory) {
        List<Artifact> artifacts = new ArrayList<>();
        Path recipe = directory.resolve("recipe.safetensors");
        Recipe.of(candidate.mask(), candidate.calibration()).write(recipe);
        artifacts.add(artifact(
                ArtifactKind.RECIPE,
                prefix + "/recipe.safetensors",
                store.put(prefix + "/recipe.safetensors", recipe)));
        if (candidate.specification().artifacts().contains(ArtifactKind.CHECKPOINT)) {
            Path checkpoint = directory.resolve("checkpoint");
            CheckpointWriter.write(base, candidate.mask(), checkpoint, threads, Progress.SILENT);
            String name = prefix + "/checkpoint";
            artifacts.add(artifact(ArtifactKind.CHECKPOINT, name, DirectoryArtifact.put(store, name, checkpoint)));
        }
        return artifacts;
    }

    private static Artifact artifact(ArtifactKind kind, String uri, Stored stored) {
        return new Artifact(kind, uri, stored.bytes(), stored.sha256());
    }

    /** For people and tools that read the store without Kafka. */
    private Stored putManifest(SubModelRelease release, String prefix, Path directory) {
        try {
            Path manifest = Files.write(directory.resolve("manifest.json"), ReleaseManifest.canonicalBytes(release));
            store.put(prefix + "/manifest.json", manifest);
            Path signature = Files.write(
                    directory.resolve("manifest.sig"), release.signature().bytes());
            return store.put(prefix + "/manifest.sig", signature);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write the manifest of " + prefix, e);
        }
    }

    private static List<GroupProvenance> provenance(Candidate candidate) {
        List<GroupProvenance> provenance = new ArrayList<>();
        for (int i = 0; i < candidate.snapshots().size(); i++) {
            GroupSnapshot snapshot = candidate.snapshots().get(i);
            provenance.add(new GroupProvenance(
                    snapshot.group().language(),
                    snapshot.group().domain(),
                    candidate.specification().groups().get(i).weight(),
                    snapshot.epoch(),
                    snapshot.flushDigest(),
                    snapshot.tokens(),
                    snapshot.prompts()));
        }
        return provenance;
    }

    private interface Step<T> {
        T run(Path directory);
    }

    private static <T> T inTemporaryDirectory(Step<T> step) {
        try {
            Path directory = Files.createTempDirectory("sparsecast-release-");
            try {
                return step.run(directory);
            } finally {
                Durable.deleteTree(directory);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot use a temporary directory", e);
        }
    }
}
