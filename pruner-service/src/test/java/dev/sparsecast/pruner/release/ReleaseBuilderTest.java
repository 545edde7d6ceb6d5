package dev.sparsecast.pruner.release;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.pruner.TinyCoder;
import dev.sparsecast.pruner.refresh.RefreshPolicy;
import dev.sparsecast.pruner.specification.SubModelSpecification;
import dev.sparsecast.pruner.specification.SubModelSpecification.Gate;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.Artifact;
import dev.sparsecast.schemas.SubModelRelease.ArtifactKind;
import dev.sparsecast.schemas.SubModelRelease.Quality;
import dev.sparsecast.schemas.SubModelRelease.Trigger;
import dev.sparsecast.schemas.signing.ReleaseManifest;
import dev.sparsecast.schemas.signing.SigningKey;
import dev.sparsecast.store.ArtifactStore;
import dev.sparsecast.store.ArtifactStore.Stored;
import dev.sparsecast.store.ArtifactStores;
import dev.sparsecast.store.DirectoryArtifact;
import dev.sparsecast.store.VerifiedFetch;
import dev.sparsecast.wanda.Budget;
import dev.sparsecast.wanda.Progress;
import dev.sparsecast.wanda.PruningParameters;
import dev.sparsecast.wanda.delta.MaskDelta;
import dev.sparsecast.wanda.mask.MaskFile;
import dev.sparsecast.wanda.recipe.Recipe;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReleaseBuilderTest {
    private static final Instant NOW = Instant.parse("2026-11-24T03:00:00.123456789Z");
    private static final SigningKey KEY = SigningKey.generate();
    private static final Quality QUALITY = new Quality(8, 1000, 20, 30, OptionalDouble.empty());
    private static final SubModelSpecification SPECIFICATION =
            TinyCoder.specification("python", 0.6, new Gate(8, 8, 3, 1), ArtifactKind.CHECKPOINT);

    private static Checkpoint base;
    private static Candidate first;
    private static Candidate second;

    @TempDir
    Path directory;

    private ArtifactStore store;

    @BeforeAll
    static void prune(@TempDir Path scratch) {
        base = TinyCoder.open();
        try (ArtifactStore unused = ArtifactStores.open(scratch.resolve("store").toString())) {
            ReleaseBuilder builder =
                    new ReleaseBuilder(base, unused, KEY, () -> {}, scratch.resolve("work"), 2, Clock.systemUTC());
            first = builder.prune(
                    SPECIFICATION,
                    Trigger.FIRST,
                    List.of(TinyCoder.snapshot(
                            base, TinyCoder.counted(TinyCoder.prompts("python")).subList(0, 10), 1)));
            second = builder.prune(
                    SPECIFICATION,
                    Trigger.TOKENS,
                    List.of(TinyCoder.snapshot(
                            base, TinyCoder.counted(TinyCoder.prompts("python")).subList(0, 12), 2)));
        }
        assertThat(first.mask().digest()).isNotEqualTo(second.mask().digest());
    }

    @AfterAll
    static void close() {
        base.close();
    }

    @BeforeEach
    void openStore() {
        store = ArtifactStores.open(directory.resolve("store").toString());
    }

    @AfterEach
    void closeStore() {
        store.close();
    }

    private ReleaseBuilder builder(ArtifactStore target, Ownership ownership) {
        return new ReleaseBuilder(
                base, target, KEY, ownership, directory.resolve("work"), 2, Clock.fixed(NOW, ZoneOffset.UTC));
    }

    private ReleaseBuilder builder() {
        return builder(store, () -> {});
    }

    private Path fetch(Artifact artifact) {
        Path file = directory.resolve("fetched." + artifact.kind().label());
        VerifiedFetch.fetch(store, artifact.uri(), new Stored(artifact.bytes(), artifact.sha256()), file);
        return file;
    }

    @Test
    void makesARecipeFromWhichAnyoneArrivesAtTheSameMask() {
        SubModelRelease release = builder().build(first, QUALITY, Optional.empty());
        Artifact recipe = release.artifact(ArtifactKind.RECIPE).orElseThrow();
        assertThat(recipe.uri()).isEqualTo(base.revision() + "/python/1/recipe.safetensors");
        assertThat(Recipe.read(fetch(recipe)).apply(base, 1).digest())
                .isEqualTo(release.recipe().maskDigest())
                .isEqualTo(first.mask().digest());
        assertThat(recipe.bytes()).isLessThan(100_000);
    }

    @Test
    void releasesWhatRelativeImportanceAndOutlierBudgetsMake() {
        PruningParameters parameters =
                PruningParameters.parse("ria", "whole-matrix", OptionalDouble.of(0.6), Optional.of("owl:5:0.1"));
        SubModelSpecification specification =
                TinyCoder.specification("python", parameters, new Gate(8, 8, 3, 1), ArtifactKind.RECIPE);
        Candidate candidate = builder().prune(specification, Trigger.FIRST, first.snapshots());
        SubModelRelease release = builder().build(candidate, QUALITY, Optional.empty());
        assertThat(release.recipe().method()).isEqualTo("ria");
        assertThat(release.recipe().pattern()).isEqualTo("whole-matrix");
        assertThat(release.recipe().budget()).isEqualTo("owl:5:0.1");
        assertThat(builder().maskOf(release).orElseThrow().digest())
                .isEqualTo(candidate.mask().digest());
        assertThat(RefreshPolicy.hasParameters(release, specification)).isTrue();
        assertThat(RefreshPolicy.hasParameters(
                        release,
                        TinyCoder.specification(
                                "python", parameters.with(Budget.UNIFORM), new Gate(8, 8, 3, 1), ArtifactKind.RECIPE)))
                .isFalse();
    }

    @Test
    void makesACompleteCheckpointIfAskedTo() throws IOException {
        SubModelRelease release = builder().build(first, QUALITY, Optional.empty());
        Artifact artifact = release.artifact(ArtifactKind.CHECKPOINT).orElseThrow();
        assertThat(artifact.uri()).isEqualTo(base.revision() + "/python/1/checkpoint");
        Path fetched = directory.resolve("fetched");
        DirectoryArtifact.fetch(store, artifact.uri(), new Stored(artifact.bytes(), artifact.sha256()), fetched);
        try (Checkpoint pruned = Checkpoint.open(fetched);
                Stream<Path> files = Files.list(fetched)) {
            assertThat(pruned.config()).isEqualTo(base.config());
            float[] weights = pruned.tensor("model.layers.0.mlp.up_proj.weight").toFloats();
            int zeros = 0;
            for (float weight : weights) {
                zeros += weight == 0 ? 1 : 0;
            }
            assertThat(zeros / (double) weights.length).isBetween(0.59, 0.61);
            assertThat(files.map(file -> file.getFileName().toString())).contains("tokenizer.json", "config.json");
        }
        assertThat(builder()
                        .build(
                                new Candidate(
                                        TinyCoder.specification("java", 0.6, SPECIFICATION.gate()),
                                        Trigger.FIRST,
                                        first.snapshots(),
                                        first.calibration(),
                                        first.mask()),
                                QUALITY,
                                Optional.empty())
                        .artifact(ArtifactKind.CHECKPOINT))
                .isEmpty();
    }

    @Test
    void writesTheKindsThatTheSpecificationAsksForAndADeltaFromTheParent() {
        SubModelRelease one = builder().build(withAllKinds(first), QUALITY, Optional.empty());
        assertThat(one.artifacts())
                .extracting(Artifact::kind)
                .containsExactly(ArtifactKind.RECIPE, ArtifactKind.MASK, ArtifactKind.CHECKPOINT);
        SubModelRelease two = builder().build(withAllKinds(second), QUALITY, Optional.of(one));
        assertThat(two.artifacts()).extracting(Artifact::kind).containsExactly(ArtifactKind.values());
        Path mask = fetch(two.artifact(ArtifactKind.MASK).orElseThrow());
        assertThat(MaskFile.read(mask).digest()).isEqualTo(second.mask().digest());
        Path delta = fetch(two.artifact(ArtifactKind.DELTA).orElseThrow());
        assertThat(MaskDelta.apply(delta, first.mask(), 1, Progress.SILENT).digest())
                .isEqualTo(second.mask().digest());
        assertThat(delta.toFile().length()).isLessThan(mask.toFile().length() / 4);
    }

    @Test
    void makesNoDeltaFromAParentThatIsLost() throws IOException {
        SubModelRelease one = builder().build(withAllKinds(first), QUALITY, Optional.empty());
        Path recipe = directory
                .resolve("store")
                .resolve(one.artifact(ArtifactKind.RECIPE).orElseThrow().uri());
        Files.writeString(recipe, "damaged");
        SubModelRelease two = builder().build(withAllKinds(second), QUALITY, Optional.of(one));
        assertThat(two.artifacts())
                .extracting(Artifact::kind)
                .containsExactly(ArtifactKind.RECIPE, ArtifactKind.MASK, ArtifactKind.CHECKPOINT);
    }

    private static Candidate withAllKinds(Candidate candidate) {
        return new Candidate(
                TinyCoder.specification("python", 0.6, SPECIFICATION.gate(), ArtifactKind.values()),
                candidate.trigger(),
                candidate.snapshots(),
                candidate.calibration(),
                candidate.mask());
    }

    @Test
    void signsAManifestThatLiesBesideIt() throws IOException {
        SubModelRelease release = builder().build(first, QUALITY, Optional.empty());
        assertThat(KEY.verifyingKey().verifies(release)).isTrue();
        String prefix = base.revision() + "/python/1/";
        try (InputStream manifest = store.read(prefix + "manifest.json");
                InputStream signature = store.read(prefix + "manifest.sig")) {
            assertThat(manifest.readAllBytes()).isEqualTo(ReleaseManifest.canonicalBytes(release));
            assertThat(signature.readAllBytes())
                    .hasSize(64)
                    .isEqualTo(release.signature().bytes());
        }
    }

    @Test
    void saysWhereItComesFrom() {
        SubModelRelease one = builder().build(first, QUALITY, Optional.empty());
        SubModelRelease two = builder().build(second, QUALITY, Optional.of(one));
        assertThat(one.version()).isEqualTo(1);
        assertThat(one.parent()).isEmpty();
        assertThat(two.version()).isEqualTo(2);
        assertThat(two.parent()).isEqualTo(OptionalInt.of(1));
        assertThat(two.trigger()).isEqualTo(Trigger.TOKENS);
        assertThat(two.baseDigest()).isEqualTo(base.digest());
        assertThat(two.releasedAt()).isEqualTo(Instant.parse("2026-11-24T03:00:00.123Z"));
        assertThat(two.tokens()).isEqualTo(second.snapshots().getFirst().tokens());
        assertThat(two.provenance()).singleElement().satisfies(group -> {
            assertThat(group.epoch()).isEqualTo(2);
            assertThat(group.flushDigest())
                    .isEqualTo(second.snapshots().getFirst().flushDigest());
        });
        assertThat(store.list(base.revision() + "/python/1/")).isNotEmpty();
    }

    @Test
    void makesTheMaskOfAnEarlierReleaseAgainAndNoticesDamage() throws IOException {
        SubModelRelease release = builder().build(first, QUALITY, Optional.empty());
        assertThat(builder().maskOf(release).orElseThrow().digest())
                .isEqualTo(first.mask().digest());
        Path recipe = directory
                .resolve("store")
                .resolve(release.artifact(ArtifactKind.RECIPE).orElseThrow().uri());
        byte[] bytes = Files.readAllBytes(recipe);
        bytes[bytes.length - 1] ^= 1;
        Files.write(recipe, bytes);
        assertThat(builder().maskOf(release)).isEmpty();
        Files.delete(recipe);
        assertThat(builder().maskOf(release)).isEmpty();
    }

    /** The process is killed before or after each single step; the next one starts with what was announced: nothing. */
    @Test
    void startsAgainFromWhereverItWasKilled() {
        int killed = 0;
        for (int step = 0; ; step++) {
            MortalStore mortal = new MortalStore(store, step);
            try {
                builder(mortal, () -> {}).build(first, QUALITY, Optional.empty());
            } catch (Killed e) {
                killed++;
            }
            SubModelRelease release = builder().build(second, QUALITY, Optional.empty());
            assertThat(release.version()).isEqualTo(1);
            verify(release, second);
            store.list("").forEach(store::delete);
            if (!mortal.died) {
                break;
            }
        }
        assertThat(killed).isGreaterThan(12);
    }

    private void verify(SubModelRelease release, Candidate candidate) {
        assertThat(KEY.verifyingKey().verifies(release)).isTrue();
        assertThat(builder().maskOf(release).orElseThrow().digest())
                .isEqualTo(candidate.mask().digest());
        Path fetched = directory.resolve("fetched-" + release.hashCode() + "-" + System.nanoTime());
        Artifact checkpoint = release.artifact(ArtifactKind.CHECKPOINT).orElseThrow();
        DirectoryArtifact.fetch(store, checkpoint.uri(), new Stored(checkpoint.bytes(), checkpoint.sha256()), fetched);
        try (Stream<Path> files = Files.list(fetched)) {
            String prefix = base.revision() + "/python/1/";
            List<String> expected = Stream.concat(
                            Stream.of("checkpoint.files", "manifest.json", "manifest.sig", "recipe.safetensors"),
                            files.map(file -> "checkpoint/" + file.getFileName()))
                    .map(name -> prefix + name)
                    .sorted()
                    .toList();
            assertThat(store.list("")).isEqualTo(expected);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void removesNothingOnceAnotherPrunerIsInCharge() {
        SubModelRelease release = builder().build(first, QUALITY, Optional.empty());
        Ownership lost = () -> {
            throw new IllegalStateException("another pruner");
        };
        assertThatThrownBy(() -> builder(store, lost).build(second, QUALITY, Optional.empty()))
                .isInstanceOf(IllegalStateException.class);
        verify(release, first);
    }

    @Test
    void leavesNoUnfinishedFilesBehindAndRemovesThoseOfAKilledProcess() throws IOException {
        Path leftover = directory.resolve("work").resolve("release-123").resolve("checkpoint");
        Files.createDirectories(leftover);
        Files.writeString(leftover.resolve("model.safetensors"), "half");
        builder().build(first, QUALITY, Optional.empty());
        try (Stream<Path> left = Files.list(directory.resolve("work"))) {
            assertThat(left).isEmpty();
        }
    }

    private static final class Killed extends Error {
        private static final long serialVersionUID = 1L;
    }

    /** Dies before its n-th write for even steps, and just after it for odd ones. */
    private static final class MortalStore implements ArtifactStore {
        private final ArtifactStore delegate;
        private int left;
        private boolean died;

        MortalStore(ArtifactStore delegate, int steps) {
            this.delegate = delegate;
            this.left = steps;
        }

        private <T> T mortally(java.util.function.Supplier<T> work) {
            die();
            T result = work.get();
            die();
            return result;
        }

        private void die() {
            if (left-- == 0) {
                died = true;
                throw new Killed();
            }
        }

        @Override
        public Stored put(String name, Path file) {
            return mortally(() -> delegate.put(name, file));
        }

        @Override
        public void delete(String name) {
            Consumer<String> delete = delegate::delete;
            mortally(() -> {
                delete.accept(name);
                return name;
            });
        }

        @Override
        public InputStream read(String name) {
            return delegate.read(name);
        }

        @Override
        public boolean exists(String name) {
            return delegate.exists(name);
        }

        @Override
        public List<String> list(String prefix) {
            return delegate.list(prefix);
        }

        @Override
        public void close() {}
    }
}
