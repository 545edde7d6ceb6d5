package dev.sparsecast.deployer;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.checkpoint.ElementType;
import dev.sparsecast.checkpoint.Tap;
import dev.sparsecast.deployer.hook.Hook;
import dev.sparsecast.deployer.installation.Announcement;
import dev.sparsecast.deployer.installation.Installer;
import dev.sparsecast.deployer.installation.InstallerSettings;
import dev.sparsecast.deployer.installation.RevokedVersions;
import dev.sparsecast.deployer.installation.StepObserver;
import dev.sparsecast.deployer.materialization.CheckpointMaterializer;
import dev.sparsecast.deployer.materialization.DeltaMaterializer;
import dev.sparsecast.deployer.materialization.MaskCheck;
import dev.sparsecast.deployer.materialization.MaskMaterializer;
import dev.sparsecast.deployer.materialization.RecipeMaterializer;
import dev.sparsecast.deployer.rollout.Turn;
import dev.sparsecast.deployer.state.Layout;
import dev.sparsecast.deployer.state.StateDirectory;
import dev.sparsecast.deployer.trust.ReleaseCheck;
import dev.sparsecast.schemas.FlushDigest;
import dev.sparsecast.schemas.SubModelDeployment;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.Artifact;
import dev.sparsecast.schemas.SubModelRelease.ArtifactKind;
import dev.sparsecast.schemas.SubModelRelease.GroupProvenance;
import dev.sparsecast.schemas.SubModelRelease.PruningRecipe;
import dev.sparsecast.schemas.SubModelRelease.Quality;
import dev.sparsecast.schemas.SubModelRelease.Signature;
import dev.sparsecast.schemas.SubModelRelease.Trigger;
import dev.sparsecast.schemas.signing.Revocation;
import dev.sparsecast.schemas.signing.SigningKey;
import dev.sparsecast.schemas.signing.TrustedKeys;
import dev.sparsecast.store.ArtifactStore;
import dev.sparsecast.store.ArtifactStore.Stored;
import dev.sparsecast.store.ArtifactStores;
import dev.sparsecast.store.DirectoryArtifact;
import dev.sparsecast.wanda.Calibration;
import dev.sparsecast.wanda.Progress;
import dev.sparsecast.wanda.PruningParameters;
import dev.sparsecast.wanda.delta.MaskDelta;
import dev.sparsecast.wanda.mask.MaskFile;
import dev.sparsecast.wanda.mask.SubModelMask;
import dev.sparsecast.wanda.materialization.CheckpointWriter;
import dev.sparsecast.wanda.pruning.Pruner;
import dev.sparsecast.wanda.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/** A base model, a store, a key to sign with, and a deployer's state directory: all that releases need. */
public final class TestWorld implements AutoCloseable {
    public static final long LARGEST_RECIPE = 1 << 20;

    public final Path directory;
    public Path state;
    public final Path storeDirectory;
    /** The public keys that deployers trust, {@link #key}'s among them. */
    public final Path trusted;

    public final Checkpoint base;
    public final ArtifactStore store;
    public final SigningKey key = SigningKey.generate();
    public int keepPrevious = 2;
    public Layout layout = Layout.LINK;
    public Set<ArtifactKind> kinds = EnumSet.allOf(ArtifactKind.class);
    public Turn turn = new Turn.Ours();

    private int drafts;

    public TestWorld(Path directory) throws IOException {
        this(directory, directory.resolve("store").toString());
    }

    /** With a base model that was changed. */
    public TestWorld(Path directory, Change change) throws IOException {
        this(directory, directory.resolve("store").toString(), change);
    }

    /** With a store at an address. */
    public TestWorld(Path directory, String address) throws IOException {
        this(directory, address, model -> {});
    }

    private TestWorld(Path directory, String address, Change change) throws IOException {
        this.directory = directory;
        this.state = directory.resolve("state");
        this.storeDirectory = directory.resolve("store");
        this.trusted = Files.createDirectories(directory.resolve("trusted"));
        trust(key);
        Path model = TestModel.write(directory.resolve("tiny"), ElementType.F32, 1);
        change.apply(model);
        this.base = Checkpoint.open(model);
        this.store = ArtifactStores.open(address);
    }

    /** Has deployers trust a key. */
    public void trust(SigningKey other) throws IOException {
        String id = other.verifyingKey().id();
        Path secret = Files.createDirectories(directory.resolve("private-keys")).resolve(id + ".key");
        other.write(secret);
        Files.move(secret.resolveSibling(id + ".pub"), trusted.resolve(id + ".pub"));
    }

    /** Has deployers trust a key no more. */
    public void revoke(SigningKey other, String reason) {
        new Revocation(other.verifyingKey().id(), reason).write(trusted);
    }

    /** A good release with a recipe; the same arguments make the same one. */
    public SubModelRelease release(String submodel, int version) {
        return key.sign(unsigned(submodel, version));
    }

    /** The same without its signature. */
    public SubModelRelease unsigned(String submodel, int version) {
        return unsigned(submodel, version, recipe(submodel, version));
    }

    /** A release of a recipe, without its signature. */
    public SubModelRelease unsigned(String submodel, int version, Recipe recipe) {
        String uri = submodel + "/" + version + "/recipe.safetensors";
        Path file = draft();
        recipe.write(file);
        return manifest(submodel, version, recipe, artifact(ArtifactKind.RECIPE, uri, store.put(uri, file)));
    }

    /** A good release with artifacts of some kinds. A delta starts from the version before. */
    public SubModelRelease release(String submodel, int version, ArtifactKind... kinds) {
        SubModelRelease release = unsigned(submodel, version);
        List<Artifact> artifacts = new ArrayList<>();
        for (ArtifactKind kind : kinds) {
            artifacts.add(artifact(submodel, version, kind));
        }
        return key.sign(withArtifacts(release, artifacts));
    }

    /** An artifact in the store that is good for a version. */
    public Artifact artifact(String submodel, int version, ArtifactKind kind) {
        Recipe recipe = recipe(submodel, version);
        String uri = submodel + "/" + version + "/" + kind.label();
        Path draft = draft();
        switch (kind) {
            case RECIPE -> recipe.write(draft);
            case DELTA -> {
                SubModelMask parent = recipe(submodel, version - 1).apply(base, 1);
                MaskDelta.write(draft, parent, recipe.apply(base, 1), 1, Progress.SILENT);
            }
            case MASK -> MaskFile.write(draft, recipe.apply(base, 1));
            case CHECKPOINT -> {
                CheckpointWriter.write(base, recipe.apply(base, 1), draft, 1, Progress.SILENT);
                return artifact(kind, uri, DirectoryArtifact.put(store, uri, draft));
            }
        }
        return artifact(kind, uri, store.put(uri, draft));
    }

    /** A good release with a checkpoint only. */
    public SubModelRelease checkpointRelease(String submodel, int version) {
        return checkpointRelease(submodel, version, checkpoint -> {});
    }

    /** A change to a file or directory. */
    public interface Change {
        void apply(Path path) throws IOException;
    }

    /** A release with a checkpoint that was changed before it was put into the store and signed. */
    public SubModelRelease checkpointRelease(String submodel, int version, Change change) {
        Recipe recipe = recipe(submodel, version);
        Path checkpoint = draft();
        CheckpointWriter.write(base, recipe.apply(base, 1), checkpoint, 1, Progress.SILENT);
        try {
            change.apply(checkpoint);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        String uri = submodel + "/" + version + "/checkpoint";
        Stored stored = DirectoryArtifact.put(store, uri, checkpoint);
        return key.sign(manifest(submodel, version, recipe, artifact(ArtifactKind.CHECKPOINT, uri, stored)));
    }

    /** The recipe of a version: other norms for each sub-model and version. */
    public Recipe recipe(String submodel, int version) {
        return recipe(submodel, version, PruningParameters.parse("wanda", "unstructured", OptionalDouble.of(0.5)));
    }

    /** The recipe of a version that is pruned in another way. */
    public Recipe recipe(String submodel, int version, PruningParameters parameters) {
        SplittableRandom random = new SplittableRandom(31L * submodel.hashCode() + version);
        List<Map<Tap, float[]>> norms = new ArrayList<>();
        for (int layer = 0; layer < base.config().layers(); layer++) {
            Map<Tap, float[]> taps = new EnumMap<>(Tap.class);
            for (Tap tap : Tap.values()) {
                float[] values = new float[tap.channels(base.config())];
                for (int i = 0; i < values.length; i++) {
                    values[i] = (float) random.nextDouble(0.1, 4);
                }
                taps.put(tap, values);
            }
            norms.add(taps);
        }
        Calibration calibration = Calibration.ofNorms(norms, base.digest());
        SubModelMask mask =
                new Pruner().prune(base, List.of(calibration), parameters, 1).getFirst();
        return Recipe.of(mask, calibration);
    }

    private SubModelRelease manifest(String submodel, int version, Recipe recipe, Artifact artifact) {
        Instant at = Instant.ofEpochMilli(1_790_000_000_000L + version);
        return new SubModelRelease(
                base.revision(),
                submodel,
                version,
                version > 1 ? OptionalInt.of(version - 1) : OptionalInt.empty(),
                base.digest(),
                Trigger.TOKENS,
                new PruningRecipe(
                        recipe.parameters().method().label(),
                        recipe.parameters().pattern().label(),
                        recipe.parameters().sparsity(),
                        recipe.maskDigest(),
                        Double.POSITIVE_INFINITY,
                        recipe.parameters().budget().label()),
                List.of(artifact),
                new Quality(10, 1000, 20, 22, OptionalDouble.empty()),
                List.of(new GroupProvenance("python", "code", 1, 3, new FlushDigest(7), 1000, 10)),
                at,
                at,
                "",
                Signature.NONE);
    }

    public static Artifact artifact(ArtifactKind kind, String uri, Stored stored) {
        return new Artifact(kind, uri, stored.bytes(), stored.sha256());
    }

    /** A release with other artifacts and without a signature. */
    public static SubModelRelease withArtifacts(SubModelRelease release, List<Artifact> artifacts) {
        return new SubModelRelease(
                release.model(),
                release.submodel(),
                release.version(),
                release.parent(),
                release.baseDigest(),
                release.trigger(),
                release.recipe(),
                artifacts,
                release.quality(),
                release.provenance(),
                release.snapshotAt(),
                release.releasedAt(),
                "",
                Signature.NONE);
    }

    /** A release with another base model, version and recipe, and with the signature that it had. */
    public static SubModelRelease edited(
            SubModelRelease release, String baseDigest, int version, PruningRecipe recipe) {
        return new SubModelRelease(
                release.model(),
                release.submodel(),
                version,
                release.parent(),
                baseDigest,
                release.trigger(),
                recipe,
                release.artifacts(),
                release.quality(),
                release.provenance(),
                release.snapshotAt(),
                release.releasedAt(),
                release.keyId(),
                release.signature());
    }

    public Path draft() {
        return directory.resolve("draft-" + drafts++);
    }

    /** A deployer over the state directory, as a new process would open it. */
    public Deployer deployer() {
        return deployer(StepObserver.NONE, List.of());
    }

    public Deployer deployer(StepObserver observer, List<Hook> hooks) {
        StateDirectory opened = StateDirectory.open(state, layout);
        TrustedKeys keys = TrustedKeys.open(List.of(trusted));
        Installer installer = new Installer(
                new InstallerSettings("deployer-1", base.revision(), Set.of(), keepPrevious, 2, Duration.ofMillis(1)),
                new ReleaseCheck(keys, base.digest(), LARGEST_RECIPE, LARGEST_RECIPE, LARGEST_RECIPE),
                opened,
                Stream.of(
                                new RecipeMaterializer(base, store, 1),
                                new DeltaMaterializer(base, store, 1),
                                new MaskMaterializer(base, store, 1),
                                new CheckpointMaterializer(base, store, 1))
                        .filter(materializer -> kinds.contains(materializer.kind()))
                        .toList(),
                (version, checkpoint) -> MaskCheck.check(base, checkpoint, version.maskDigest(), 2),
                hooks,
                observer,
                release -> turn);
        return new Deployer(opened, installer, keys);
    }

    /** An open deployer. */
    public record Deployer(StateDirectory state, Installer installer, TrustedKeys keys) implements AutoCloseable {
        /** What is in use of keys that were revoked. */
        public RevokedVersions revoked() {
            return new RevokedVersions(state);
        }

        /** Reads releases as new ones, all at once. */
        public List<SubModelDeployment> install(SubModelRelease... releases) {
            return install(false, releases);
        }

        /** Reads releases that an earlier run has acknowledged. */
        public List<SubModelDeployment> installKnown(SubModelRelease... releases) {
            return install(true, releases);
        }

        /** Reads releases as new ones, and tells those whose turn has not come. */
        public List<Announcement> waiting(SubModelRelease... releases) {
            return installer.install(announcements(false, releases), outcome -> {});
        }

        private List<SubModelDeployment> install(boolean known, SubModelRelease... releases) {
            List<SubModelDeployment> outcomes = new ArrayList<>();
            var unused = installer.install(announcements(known, releases), outcomes::add);
            return outcomes;
        }

        private static List<Announcement> announcements(boolean known, SubModelRelease... releases) {
            return Stream.of(releases)
                    .map(release ->
                            new Announcement(release.model() + "/" + release.submodel(), release, Instant.now(), known))
                    .toList();
        }

        @Override
        public void close() {
            state.close();
        }
    }

    /** What is in use of a sub-model, as those who serve it find it. */
    public Path current(String submodel) {
        Path directory = state.resolve(submodel);
        if (layout == Layout.LINK) {
            return directory.resolve("current");
        }
        try (Stream<Path> entries = Files.list(directory)) {
            return directory.resolve(
                    Integer.toString(entries.map(entry -> entry.getFileName().toString())
                            .filter(name -> name.matches("[0-9]+"))
                            .mapToInt(Integer::parseInt)
                            .max()
                            .orElse(0)));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Whether {@code current} is the version that a release promises, weight by weight. */
    public void assertInstalled(SubModelRelease release) {
        MaskCheck.check(base, current(release.submodel()), release.recipe().maskDigest(), 1);
    }

    /** All files under the state directory with their content, but the times in the JSON files and the lock. */
    public Map<String, String> contents() throws IOException {
        Map<String, String> contents = new java.util.TreeMap<>();
        try (Stream<Path> paths = Files.walk(state)) {
            for (Path path : paths.toList()) {
                String name = state.relativize(path).toString();
                if (Files.isSymbolicLink(path)) {
                    contents.put(name, "link to " + Files.readSymbolicLink(path));
                } else if (Files.isDirectory(path)) {
                    contents.put(name, "directory");
                } else if (!name.endsWith(".json") || name.matches(".*/[0-9]+/.*")) {
                    contents.put(
                            name, dev.sparsecast.store.ContentDigest.of(path).sha256());
                } else {
                    contents.put(name, "there");
                }
            }
        }
        return contents;
    }

    @Override
    public void close() {
        store.close();
        base.close();
    }
}
