package dev.sparsecast.pruner.retention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.schemas.FlushDigest;
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
import dev.sparsecast.store.ArtifactStore;
import dev.sparsecast.store.DirectoryStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RetentionTest {
    private static final String MODEL = "tiny@0123456789ab";

    @TempDir
    Path directory;

    private ArtifactStore store;

    @BeforeEach
    void openStore() {
        store = DirectoryStore.open(directory.resolve("store"));
    }

    @Test
    void keepsTheVersionInUseAndTheNewestBeforeIt() throws IOException {
        SubModelRelease inUse = storeVersions("python", 5);

        Retention.Plan plan = new Retention(store, 2).apply(inUse);

        assertThat(plan.kept()).containsExactly(3, 4, 5);
        assertThat(plan.removed().keySet()).containsExactly(1, 2);
        assertThat(versions("python")).containsExactly("3", "4", "5");
        assertThat(store.list(path("python", 3)))
                .containsExactly(
                        path("python", 3) + "manifest.json",
                        path("python", 3) + "manifest.sig",
                        path("python", 3) + "recipe.safetensors");
    }

    @Test
    void removesNothingWhenOnlyAsked() throws IOException {
        SubModelRelease inUse = storeVersions("python", 3);

        Retention.Plan plan = new Retention(store, 0).plan(inUse);

        assertThat(plan.removed().keySet()).containsExactly(1, 2);
        assertThat(versions("python")).containsExactly("1", "2", "3");
    }

    @Test
    void leavesOtherSubModelsAlone() throws IOException {
        SubModelRelease inUse = storeVersions("python", 3);
        storeVersions("python-typed", 3);
        put("python/notes.txt");

        new Retention(store, 0).apply(inUse);

        assertThat(versions("python-typed")).containsExactly("1", "2", "3");
        assertThat(store.exists(MODEL + "/python/notes.txt")).isTrue();
    }

    @Test
    void neverTouchesWhatIsNewerThanTheVersionInUse() throws IOException {
        SubModelRelease inUse = storeVersions("python", 2);
        put("python/3/recipe.safetensors");

        new Retention(store, 0).apply(inUse);

        assertThat(versions("python")).containsExactly("2", "3");
    }

    @Test
    void doesNotKeepWhatWasWithdrawn() throws IOException {
        storeVersions("python", 3);
        SubModelRelease inUse = plain("python", 4).withRollout(new Rollout(1, false, OptionalInt.empty(), List.of(3)));
        storeManifest(inUse);

        new Retention(store, 1).apply(inUse);

        assertThat(versions("python")).containsExactly("2", "4");
    }

    @Test
    void keepsWhatADeltaStartsFrom() throws IOException {
        storeVersions("python", 3);
        SubModelRelease inUse = release(
                "python", 4, OptionalInt.of(2), List.of(artifact(ArtifactKind.DELTA, path("python", 4) + "delta")));
        storeManifest(inUse);

        new Retention(store, 0).apply(inUse);

        assertThat(versions("python")).containsExactly("2", "4");
    }

    @Test
    void keepsVersionsWhoseFilesANewerOneRefersTo() throws IOException {
        storeVersions("python", 3);
        SubModelRelease inUse = release(
                "python",
                4,
                OptionalInt.of(3),
                List.of(artifact(ArtifactKind.RECIPE, path("python", 1) + "recipe.safetensors")));
        storeManifest(inUse);

        new Retention(store, 0).apply(inUse);

        assertThat(versions("python")).containsExactly("1", "4");
    }

    @Test
    void doesNotCountWhatWasNeverReleased() throws IOException {
        storeVersions("python", 2);
        put("python/3/recipe.safetensors");
        Path damaged = Files.writeString(directory.resolve("damaged"), "{\"version\":");
        store.put(path("python", 4) + "manifest.json", damaged);
        SubModelRelease inUse = release("python", 5, OptionalInt.of(2), List.of());
        storeManifest(inUse);

        new Retention(store, 1).apply(inUse);

        assertThat(versions("python")).containsExactly("2", "5");
    }

    @Test
    void removesTheManifestFirstAndListingsBeforeWhatTheyList() throws IOException {
        SubModelRelease inUse = storeVersions("python", 2);
        put("python/1/checkpoint/config.json");
        put("python/1/checkpoint.files");

        Retention.Plan plan = new Retention(store, 0).plan(inUse);

        assertThat(plan.removed().get(1))
                .containsExactly(
                        path("python", 1) + "manifest.json",
                        path("python", 1) + "checkpoint.files",
                        path("python", 1) + "checkpoint/config.json",
                        path("python", 1) + "manifest.sig",
                        path("python", 1) + "recipe.safetensors");
    }

    @Test
    void finishesWhatWasInterrupted() throws IOException {
        SubModelRelease inUse = storeVersions("python", 3);
        store.delete(path("python", 1) + "manifest.json");

        new Retention(store, 2).apply(inUse);

        assertThat(versions("python")).containsExactly("2", "3");
    }

    @Test
    void refusesToKeepLessThanNothing() {
        assertThatThrownBy(() -> new Retention(store, -1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("give 0 or more");
    }

    /** Stores the first versions of a sub-model and returns the last one. */
    private SubModelRelease storeVersions(String submodel, int versions) throws IOException {
        for (int version = 1; version <= versions; version++) {
            put(submodel + "/" + version + "/recipe.safetensors");
            storeManifest(plain(submodel, version));
        }
        return plain(submodel, versions);
    }

    private static SubModelRelease plain(String submodel, int version) {
        return release(
                submodel,
                version,
                version > 1 ? OptionalInt.of(version - 1) : OptionalInt.empty(),
                List.of(artifact(ArtifactKind.RECIPE, path(submodel, version) + "recipe.safetensors")));
    }

    private void storeManifest(SubModelRelease release) throws IOException {
        Path manifest = Files.write(directory.resolve("manifest"), ReleaseManifest.canonicalBytes(release));
        store.put(path(release.submodel(), release.version()) + "manifest.json", manifest);
        put(release.submodel() + "/" + release.version() + "/manifest.sig");
    }

    private void put(String name) throws IOException {
        store.put(MODEL + "/" + name, Files.writeString(directory.resolve("content"), name));
    }

    private List<String> versions(String submodel) {
        return store.list(MODEL + "/" + submodel + "/").stream()
                .map(name -> name.split("/")[2])
                .distinct()
                .sorted()
                .toList();
    }

    private static String path(String submodel, int version) {
        return MODEL + "/" + submodel + "/" + version + "/";
    }

    private static Artifact artifact(ArtifactKind kind, String uri) {
        return new Artifact(kind, uri, 1, "0".repeat(64));
    }

    private static SubModelRelease release(String submodel, int version, OptionalInt parent, List<Artifact> artifacts) {
        Instant at = Instant.ofEpochMilli(1_790_000_000_000L + version);
        return new SubModelRelease(
                MODEL,
                submodel,
                version,
                parent,
                "sha256:" + "0".repeat(64),
                Trigger.TOKENS,
                new PruningRecipe("wanda", "unstructured", 0.5, "sha256:" + "1".repeat(64), 1e6),
                artifacts,
                new Quality(10, 1000, 20, 22, OptionalDouble.empty()),
                List.of(new GroupProvenance("python", "code", 1, 3, new FlushDigest(7), 1000, 10)),
                at,
                at,
                "",
                Signature.NONE);
    }
}
