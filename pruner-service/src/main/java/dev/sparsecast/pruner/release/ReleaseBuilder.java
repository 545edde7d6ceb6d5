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
import dev.sparsecast.schemas.SubModelRelease.Rollout;
import dev.sparsecast.schemas.SubModelRelease.Signature;
import dev.sparsecast.schemas.SubModelRelease.Trigger;
import dev.sparsecast.schemas.signing.ReleaseManifest;
import dev.sparsecast.schemas.signing.SigningKey;
import dev.sparsecast.store.ArtifactStore;
import dev.sparsecast.store.ArtifactStore.Stored;
import dev.sparsecast.store.DamagedArtifactException;
import dev.sparsecast.store.DirectoryArtifact;
import dev.sparsecast.store.Durable;
import dev.sparsecast.store.VerifiedFetch;
import dev.sparsecast.wanda.Calibration;
import dev.sparsecast.wanda.Progress;
import dev.sparsecast.wanda.PruningException;
import dev.sparsecast.wanda.delta.MaskDelta;
import dev.sparsecast.wanda.mask.MaskFile;
import dev.sparsecast.wanda.mask.SubModelMask;
import dev.sparsecast.wanda.materialization.CheckpointWriter;
import dev.sparsecast.wanda.pruning.Pruner;
import dev.sparsecast.wanda.recipe.Recipe;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes candidates from snapshots, and releases from candidates. What a release consists of lies in the store under
 * {@code <model>/<submodel>/<version>/} before it is announced:
 *
 * <pre>
 * recipe.safetensors
 * mask.delta            from the parent's mask ┐
 * mask.safetensors                            │ if the specification wants them
 * checkpoint/...                              │
 * checkpoint.files                            ┘
 * manifest.json         the canonical bytes that are signed
 * manifest.sig          the Ed25519 signature, 64 bytes
 * </pre>
 *
 * <p>Until it is announced the version counts for nothing: what an earlier attempt left there is removed first, but only
 * by the pruner in charge, so that one which was replaced without noticing cannot remove what its successor announced.
 */
public final class ReleaseBuilder {
    private static final Logger log = LoggerFactory.getLogger(ReleaseBuilder.class);

    private final Checkpoint base;
    private final ArtifactStore store;
    private final SigningKey key;
    private final Ownership ownership;
    private final Path workspace;
    private final int threads;
    private final Clock clock;
    /** The last mask made of each sub-model, which is the release's in use most of the time. */
    private final Map<String, SubModelMask> newest = new ConcurrentHashMap<>();

    /**
     * @param workspace directory for unfinished files; whatever is in it is removed
     * @param threads threads for pruning
     */
    public ReleaseBuilder(
            Checkpoint base,
            ArtifactStore store,
            SigningKey key,
            Ownership ownership,
            Path workspace,
            int threads,
            Clock clock) {
        this.base = base;
        this.store = store;
        this.key = key;
        this.ownership = ownership;
        this.workspace = workspace;
        this.threads = threads;
        this.clock = clock;
        try {
            Durable.deleteTree(workspace);
            Files.createDirectories(workspace);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot use the directory " + workspace + " for unfinished releases", e);
        }
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

    /**
     * The mask of a release that was announced earlier: the one that was made last, or made again from its recipe in the
     * store. None if that is lost for good, which the log says.
     *
     * @throws dev.sparsecast.store.StoreException if the store does not answer
     */
    public Optional<SubModelMask> maskOf(SubModelRelease release) {
        SubModelMask last = newest.get(release.submodel());
        if (last != null && last.digest().equals(release.recipe().maskDigest())) {
            return Optional.of(last);
        }
        if (release.artifact(ArtifactKind.RECIPE)
                .filter(artifact -> store.exists(artifact.uri()))
                .isEmpty()) {
            warnOfLost(release, "its recipe is not in the store");
            return Optional.empty();
        }
        try {
            SubModelMask mask = recipeOf(release).apply(base, threads);
            if (!mask.digest().equals(release.recipe().maskDigest())) {
                throw new PruningException("its recipe is not the one that was announced");
            }
            newest.put(release.submodel(), mask);
            return Optional.of(mask);
        } catch (DamagedArtifactException | PruningException e) {
            warnOfLost(release, String.valueOf(e.getMessage()));
            return Optional.empty();
        }
    }

    /** What a release that was announced earlier is made from, read from the store. */
    public Recipe recipeOf(SubModelRelease release) {
        Artifact artifact = release.artifact(ArtifactKind.RECIPE)
                .orElseThrow(() -> new PruningException("version " + release.version() + " of sub-model '"
                        + release.submodel() + "' has no recipe, so its mask cannot be made again"));
        return inWorkspace(directory -> {
            Path file = directory.resolve("recipe.safetensors");
            VerifiedFetch.fetch(store, artifact.uri(), new Stored(artifact.bytes(), artifact.sha256()), file);
            return Recipe.read(file);
        });
    }

    private void warnOfLost(SubModelRelease release, String why) {
        log.atWarn()
                .addKeyValue("model", base.revision())
                .addKeyValue("submodel", release.submodel())
                .addKeyValue("version", release.version())
                .addKeyValue("reason", why)
                .log("The release in use cannot be made again: its successor is not compared with it and has no delta");
    }

    /**
     * Puts everything into the store and signs. The release exists only once it is announced.
     *
     * @param parent the release in use, which the new one follows
     * @throws dev.sparsecast.store.StoreException if something cannot be stored
     */
    public SubModelRelease build(Candidate candidate, Quality quality, Optional<SubModelRelease> parent) {
        int version = nextVersion(parent);
        SubModelSpecification specification = candidate.specification();
        String prefix = base.revision() + "/" + specification.name() + "/" + version;
        removeLeftovers(prefix);
        List<Artifact> artifacts = inWorkspace(directory -> putArtifacts(candidate, parent, prefix, directory));
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
                        candidate.snapshots().getFirst().halfLifeTokens(),
                        specification.parameters().budget().label()),
                artifacts,
                quality,
                provenance(candidate),
                candidate.snapshots().stream()
                        .map(GroupSnapshot::completedAt)
                        .max(Comparator.naturalOrder())
                        .orElseThrow()
                        .truncatedTo(ChronoUnit.MILLIS),
                clock.instant().truncatedTo(ChronoUnit.MILLIS),
                "",
                Signature.NONE,
                new Rollout(
                        specification.canaryShare(),
                        false,
                        OptionalInt.empty(),
                        parent.map(release -> release.rollout().revoked()).orElse(List.of())));
        SubModelRelease release = signedAndStored(unsigned, prefix);
        newest.put(specification.name(), candidate.mask());
        return release;
    }

    /**
     * A further version that has the mask of an earlier one again, and copies of its artifacts, so that the store may
     * forget that one. Differences from a parent are left out, since the parent is another.
     *
     * @param good what to go back to
     * @param current the release in use, which the new one follows
     * @throws dev.sparsecast.store.StoreException if something cannot be read or stored
     */
    public SubModelRelease restore(SubModelRelease good, SubModelRelease current, Rollout rollout) {
        int version = nextVersion(Optional.of(current));
        String prefix = current.key() + "/" + version;
        removeLeftovers(prefix);
        List<Artifact> artifacts = inWorkspace(directory -> good.artifacts().stream()
                .filter(artifact -> artifact.kind() != ArtifactKind.DELTA)
                .map(artifact -> copy(artifact, prefix, directory))
                .toList());
        return signedAndStored(following(good, current, artifacts, rollout), prefix);
    }

    /**
     * A further version that has no artifacts and is itself revoked: nothing is left to install.
     *
     * @param current the release in use, which the new one follows
     * @param revoked all versions withdrawn before
     * @throws dev.sparsecast.store.StoreException if something cannot be stored
     */
    public SubModelRelease withdraw(SubModelRelease current, boolean pinned, List<Integer> revoked) {
        int version = nextVersion(Optional.of(current));
        String prefix = current.key() + "/" + version;
        removeLeftovers(prefix);
        List<Integer> all = new ArrayList<>(revoked);
        all.add(version);
        Rollout rollout = new Rollout(1, pinned, OptionalInt.empty(), all);
        return signedAndStored(following(current, current, List.of(), rollout), prefix);
    }

    private SubModelRelease following(
            SubModelRelease content, SubModelRelease current, List<Artifact> artifacts, Rollout rollout) {
        return new SubModelRelease(
                current.model(),
                current.submodel(),
                nextVersion(Optional.of(current)),
                OptionalInt.of(current.version()),
                content.baseDigest(),
                Trigger.COMMAND,
                content.recipe(),
                artifacts,
                content.quality(),
                content.provenance(),
                content.snapshotAt(),
                clock.instant().truncatedTo(ChronoUnit.MILLIS),
                "",
                Signature.NONE,
                rollout);
    }

    private Artifact copy(Artifact artifact, String prefix, Path directory) {
        String name = artifact.uri().substring(artifact.uri().lastIndexOf('/') + 1);
        Stored announced = new Stored(artifact.bytes(), artifact.sha256());
        Path copy = directory.resolve(name);
        Stored stored;
        if (artifact.kind() == ArtifactKind.CHECKPOINT) {
            DirectoryArtifact.fetch(store, artifact.uri(), announced, copy);
            stored = DirectoryArtifact.put(store, prefix + "/" + name, copy);
        } else {
            VerifiedFetch.fetch(store, artifact.uri(), announced, copy);
            stored = store.put(prefix + "/" + name, copy);
        }
        return artifact(artifact.kind(), prefix + "/" + name, stored);
    }

    private SubModelRelease signedAndStored(SubModelRelease unsigned, String prefix) {
        SubModelRelease signed = key.sign(unsigned);
        inWorkspace(directory -> putManifest(signed, prefix, directory));
        return signed;
    }

    /** Versions follow those that were announced, whatever else lies in the store. */
    public static int nextVersion(Optional<SubModelRelease> current) {
        return current.map(release -> Math.addExact(release.version(), 1)).orElse(1);
    }

    private void removeLeftovers(String prefix) {
        List<String> leftovers = store.list(prefix + "/");
        if (!leftovers.isEmpty()) {
            ownership.confirm();
            log.atWarn()
                    .addKeyValue("model", base.revision())
                    .addKeyValue("artifacts", prefix)
                    .addKeyValue("files", leftovers.size())
                    .log("Removing what an attempt left that was never announced");
            leftovers.forEach(store::delete);
        }
    }

    /** A recipe always, for masks of earlier releases are made from theirs; the other kinds if they are wanted. */
    private List<Artifact> putArtifacts(
            Candidate candidate, Optional<SubModelRelease> parent, String prefix, Path directory) {
        Set<ArtifactKind> wanted = candidate.specification().artifacts();
        List<Artifact> artifacts = new ArrayList<>();
        Path recipe = directory.resolve("recipe.safetensors");
        Recipe.of(candidate.mask(), candidate.calibration()).write(recipe);
        artifacts.add(put(ArtifactKind.RECIPE, prefix, recipe));
        if (wanted.contains(ArtifactKind.DELTA)) {
            parent.filter(release -> !release.isWithdrawn())
                    .flatMap(this::maskOf)
                    .ifPresent(start -> {
                        Path delta = directory.resolve("mask.delta");
                        MaskDelta.write(delta, start, candidate.mask(), threads, Progress.SILENT);
                        artifacts.add(put(ArtifactKind.DELTA, prefix, delta));
                    });
        }
        if (wanted.contains(ArtifactKind.MASK)) {
            Path mask = directory.resolve("mask.safetensors");
            MaskFile.write(mask, candidate.mask());
            artifacts.add(put(ArtifactKind.MASK, prefix, mask));
        }
        if (wanted.contains(ArtifactKind.CHECKPOINT)) {
            Path checkpoint = directory.resolve("checkpoint");
            CheckpointWriter.writeUnsynced(base, candidate.mask(), checkpoint, threads, Progress.SILENT);
            String name = prefix + "/checkpoint";
            artifacts.add(artifact(ArtifactKind.CHECKPOINT, name, DirectoryArtifact.put(store, name, checkpoint)));
        }
        return artifacts;
    }

    private Artifact put(ArtifactKind kind, String prefix, Path file) {
        String name = prefix + "/" + file.getFileName();
        return artifact(kind, name, store.put(name, file));
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
                    snapshot.prompts(),
                    snapshot.distinctSources()));
        }
        return provenance;
    }

    private interface Step<T> {
        T run(Path directory);
    }

    private <T> T inWorkspace(Step<T> step) {
        try {
            Path directory = Files.createTempDirectory(workspace, "release-");
            try {
                return step.run(directory);
            } finally {
                Durable.deleteTree(directory);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot use the directory " + workspace + " for unfinished releases", e);
        }
    }
}
