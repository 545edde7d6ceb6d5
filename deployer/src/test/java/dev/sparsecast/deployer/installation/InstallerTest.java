package dev.sparsecast.deployer.installation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.deployer.TestWorld;
import dev.sparsecast.deployer.TestWorld.Deployer;
import dev.sparsecast.deployer.hook.Hook;
import dev.sparsecast.deployer.hook.HookException;
import dev.sparsecast.deployer.hook.Switched;
import dev.sparsecast.schemas.SubModelDeployment;
import dev.sparsecast.schemas.SubModelDeployment.State;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.Artifact;
import dev.sparsecast.schemas.SubModelRelease.ArtifactKind;
import dev.sparsecast.wanda.PruningParameters;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InstallerTest {
    @TempDir
    Path directory;

    private TestWorld world;

    @BeforeEach
    void makeWorld() throws IOException {
        world = new TestWorld(directory);
    }

    @AfterEach
    void closeWorld() {
        world.close();
    }

    @Test
    void deploysAReleaseByItsRecipe() {
        SubModelRelease release = world.release("python", 1);
        try (Deployer deployer = world.deployer()) {
            List<SubModelDeployment> outcomes = deployer.install(release);

            assertThat(outcomes).singleElement().satisfies(deployment -> {
                assertThat(deployment.state()).isEqualTo(State.DEPLOYED);
                assertThat(deployment.reason()).isEmpty();
                assertThat(deployment.key()).isEqualTo(release.key() + "/deployer-1");
                assertThat(deployment.maskDigest()).isEqualTo(release.recipe().maskDigest());
                assertThat(Path.of(deployment.directory())).isEqualTo(world.state.resolve("python/versions/1"));
                assertThat(deployment.stageMillis())
                        .containsOnlyKeys("stage", "verify", "materialize", "sync", "switch", "probe");
            });
            world.assertInstalled(release);
        }
    }

    @Test
    void prunesByRelativeImportanceAndOutlierBudgets() {
        PruningParameters parameters =
                PruningParameters.parse("ria", "whole-matrix", OptionalDouble.of(0.5), Optional.of("owl:2:0.1"));
        SubModelRelease release = world.key.sign(world.unsigned("python", 1, world.recipe("python", 1, parameters)));
        try (Deployer deployer = world.deployer()) {
            assertThat(deployer.install(release))
                    .extracting(SubModelDeployment::state)
                    .containsExactly(State.DEPLOYED);
            world.assertInstalled(release);
        }
    }

    @Test
    void leavesACleanModelDirectoryAndAnEmptyStagingDirectory() throws IOException {
        try (Deployer deployer = world.deployer()) {
            deployer.install(world.release("python", 1));
        }

        assertThat(names(world.current("python")))
                .containsExactlyInAnyOrder("config.json", "tokenizer.json", "model.safetensors");
        assertThat(names(world.state.resolve("python/versions"))).containsExactlyInAnyOrder("1", "1.json");
        assertThat(Files.readSymbolicLink(world.current("python"))).isEqualTo(Path.of("versions/1"));
    }

    @Test
    void deploysACheckpointWhereThereIsNoRecipe() {
        SubModelRelease release = world.checkpointRelease("python", 1);
        try (Deployer deployer = world.deployer()) {
            assertThat(deployer.install(release))
                    .extracting(SubModelDeployment::state)
                    .containsExactly(State.DEPLOYED);
            world.assertInstalled(release);
        }
    }

    @Test
    void makesTheSameCheckpointFromEitherKind() throws IOException {
        try (Deployer deployer = world.deployer()) {
            deployer.install(world.release("python", 1));
            deployer.install(world.checkpointRelease("python", 2));
        }
        SubModelRelease asRecipe = world.release("java", 2);
        try (Deployer deployer = world.deployer()) {
            deployer.install(asRecipe);
            Path byRecipe = world.state.resolve("java/versions/2");
            SubModelRelease asCheckpoint = world.checkpointRelease("java", 2);
            assertThat(asCheckpoint.recipe()).isEqualTo(asRecipe.recipe());
            Path byCheckpoint = world.storeDirectory.resolve("java/2/checkpoint");
            for (String name : names(byRecipe)) {
                assertThat(byRecipe.resolve(name)).hasSameBinaryContentAs(byCheckpoint.resolve(name));
            }
        }
    }

    @Test
    void opensAsACheckpointOfTheBaseModelsShape() {
        try (Deployer deployer = world.deployer()) {
            deployer.install(world.release("python", 1));
        }
        try (Checkpoint deployed = Checkpoint.open(world.current("python"))) {
            assertThat(deployed.config()).isEqualTo(world.base.config());
            assertThat(deployed.digest()).isNotEqualTo(world.base.digest());
        }
    }

    @Test
    void installsOnlyTheNewestOfSeveralReleasesAndSaysNothingOfTheOvertaken() {
        SubModelRelease third = world.release("python", 3);
        try (Deployer deployer = world.deployer()) {
            List<SubModelDeployment> outcomes =
                    deployer.install(world.release("python", 1), third, world.release("python", 2));

            assertThat(outcomes).extracting(SubModelDeployment::version).containsExactly(3);
            world.assertInstalled(third);
            assertThat(world.state.resolve("python/versions/1")).doesNotExist();
        }
    }

    @Test
    void takesTheNextOldestWhenTheNewestIsNoGood() {
        SubModelRelease second = world.release("python", 2);
        SubModelRelease forged = world.unsigned("python", 9);
        SubModelRelease broken = world.release("python", 3);
        world.store.delete(broken.artifacts().getFirst().uri());
        try (Deployer deployer = world.deployer()) {
            List<SubModelDeployment> outcomes = deployer.install(second, broken, forged);

            assertThat(outcomes).extracting(SubModelDeployment::version).containsExactly(9, 3, 2);
            assertThat(outcomes)
                    .extracting(SubModelDeployment::state)
                    .containsExactly(State.REFUSED, State.REFUSED, State.DEPLOYED);
            world.assertInstalled(second);
        }
    }

    @Test
    void doesNothingForReleasesThatItKnowsAndHas() throws IOException {
        SubModelRelease release = world.release("python", 2);
        try (Deployer deployer = world.deployer()) {
            deployer.install(release);
        }
        List<Step> steps = new ArrayList<>();
        var before = Files.getLastModifiedTime(world.state.resolve("python/versions/2/model.safetensors"));

        try (Deployer deployer = world.deployer((ignored, step) -> steps.add(step), List.of())) {
            assertThat(deployer.installKnown(world.release("python", 1), release))
                    .isEmpty();
        }

        assertThat(steps).isEmpty();
        assertThat(Files.getLastModifiedTime(world.state.resolve("python/versions/2/model.safetensors")))
                .isEqualTo(before);
    }

    @Test
    void repeatsTheAcknowledgementOfTheVersionInUseWhenItMayBeMissing() {
        SubModelRelease release = world.release("python", 1);
        List<SubModelDeployment> first;
        try (Deployer deployer = world.deployer()) {
            first = deployer.install(release);
        }
        try (Deployer deployer = world.deployer()) {
            assertThat(deployer.install(release)).isEqualTo(first);
        }
    }

    @Test
    void installsAKnownReleaseThatIsGoneFromTheDisk() {
        SubModelRelease release = world.release("python", 1);
        try (Deployer deployer = world.deployer()) {
            assertThat(deployer.installKnown(release))
                    .extracting(SubModelDeployment::state)
                    .containsExactly(State.DEPLOYED);
        }
    }

    @Test
    void refusesAnOlderReleaseThatIsAnnouncedAgain() {
        SubModelRelease first = world.release("python", 1);
        SubModelRelease second = world.release("python", 2);
        try (Deployer deployer = world.deployer()) {
            deployer.install(first);
            deployer.install(second);

            assertThat(deployer.install(first)).singleElement().satisfies(deployment -> {
                assertThat(deployment.state()).isEqualTo(State.REFUSED);
                assertThat(deployment.reason()).contains("older than version 2");
            });
            world.assertInstalled(second);
        }
    }

    @Test
    void refusesOtherContentUnderTheVersionInUse() {
        SubModelRelease release = world.release("python", 1);
        SubModelRelease other = world.key.sign(TestWorld.edited(
                release, release.baseDigest(), 1, world.release("python", 2).recipe()));
        try (Deployer deployer = world.deployer()) {
            deployer.install(release);

            assertThat(deployer.install(other)).singleElement().satisfies(deployment -> {
                assertThat(deployment.state()).isEqualTo(State.REFUSED);
                assertThat(deployment.reason()).contains("in use already, with other content");
            });
            world.assertInstalled(release);
        }
    }

    @Test
    void keepsTheVersionsBeforeAsManyAsItIsTold() throws IOException {
        try (Deployer deployer = world.deployer()) {
            for (int version = 1; version <= 5; version++) {
                deployer.install(world.release("python", version));
            }
        }

        assertThat(names(world.state.resolve("python/versions")))
                .containsExactlyInAnyOrder("3", "3.json", "4", "4.json", "5", "5.json");

        world.keepPrevious = 0;
        try (Deployer deployer = world.deployer()) {
            deployer.install(world.release("python", 6));
        }
        assertThat(names(world.state.resolve("python/versions"))).containsExactlyInAnyOrder("6", "6.json");
    }

    @Test
    void switchesBackWhenAHookObjectsAndTellsItSo() {
        List<Integer> told = new ArrayList<>();
        Hook hook = switched -> {
            told.add(switched.version());
            assertThat(world.current("python")).exists();
            if (switched.version() == 2) {
                throw new HookException("the model answers nonsense");
            }
        };
        SubModelRelease first = world.release("python", 1);
        try (Deployer deployer = world.deployer(StepObserver.NONE, List.of(hook))) {
            deployer.install(first);

            assertThat(deployer.install(world.release("python", 2)))
                    .singleElement()
                    .satisfies(deployment -> {
                        assertThat(deployment.state()).isEqualTo(State.ROLLED_BACK);
                        assertThat(deployment.reason()).isEqualTo("the model answers nonsense");
                        assertThat(deployment.directory()).isEmpty();
                    });
            world.assertInstalled(first);
            assertThat(told).containsExactly(1, 2, 1);
            assertThat(world.state.resolve("python/versions/2")).doesNotExist();
        }
    }

    @Test
    void pointsToNothingWhenTheFirstReleaseIsNoGood() {
        Hook hook = switched -> {
            throw new HookException("no");
        };
        try (Deployer deployer = world.deployer(StepObserver.NONE, List.of(hook))) {
            assertThat(deployer.install(world.release("python", 1)))
                    .extracting(SubModelDeployment::state)
                    .containsExactly(State.ROLLED_BACK);
            assertThat(world.current("python")).doesNotExist();
        }
    }

    @Test
    void doesNotTryAgainWhatWasRolledBackEvenAfterARestart() {
        List<Switched> told = new ArrayList<>();
        Hook hook = switched -> {
            told.add(switched);
            throw new HookException("no");
        };
        SubModelRelease release = world.release("python", 1);
        try (Deployer deployer = world.deployer(StepObserver.NONE, List.of(hook))) {
            deployer.install(release);
        }
        try (Deployer deployer = world.deployer(StepObserver.NONE, List.of(hook))) {
            assertThat(deployer.installKnown(release)).isEmpty();
            assertThat(deployer.install(release))
                    .extracting(SubModelDeployment::state)
                    .containsExactly(State.ROLLED_BACK);
        }
        assertThat(told).hasSize(1);
    }

    @Test
    void goesForwardToTheReleaseAfterTheOneThatWasRolledBack() {
        Hook hook = switched -> {
            if (switched.version() == 2) {
                throw new HookException("no");
            }
        };
        SubModelRelease third = world.release("python", 3);
        try (Deployer deployer = world.deployer(StepObserver.NONE, List.of(hook))) {
            deployer.install(world.release("python", 1));
            deployer.install(world.release("python", 2));
            deployer.install(third);
            world.assertInstalled(third);
        }
    }

    @Test
    void triesAgainAfterARestartWhatCouldNotBeFetched() throws IOException {
        SubModelRelease release = world.release("python", 1);
        Path recipe =
                world.storeDirectory.resolve(release.artifacts().getFirst().uri());
        Path away = directory.resolve("away");
        Files.move(recipe, away);
        try (Deployer deployer = world.deployer()) {
            assertThat(deployer.install(release)).singleElement().satisfies(deployment -> {
                assertThat(deployment.state()).isEqualTo(State.REFUSED);
                assertThat(deployment.reason()).contains("cannot be fetched").contains("python/1/recipe");
            });
        }
        Files.move(away, recipe);
        try (Deployer deployer = world.deployer()) {
            deployer.installKnown(release);
            world.assertInstalled(release);
        }
    }

    @Test
    void looksAtOtherModelsAndTheirNamesNot() {
        SubModelRelease release = world.release("python", 1);
        SubModelRelease other = new SubModelRelease(
                "other@ffffffffffff",
                release.submodel(),
                release.version(),
                release.parent(),
                release.baseDigest(),
                release.trigger(),
                release.recipe(),
                release.artifacts(),
                release.quality(),
                release.provenance(),
                release.snapshotAt(),
                release.releasedAt(),
                release.keyId(),
                release.signature());
        try (Deployer deployer = world.deployer()) {
            assertThat(deployer.install(other)).isEmpty();
        }
        assertThat(world.state.resolve("python")).doesNotExist();
    }

    @Test
    void keepsSubModelsApart() {
        SubModelRelease python = world.release("python", 4);
        SubModelRelease java = world.release("java", 1);
        try (Deployer deployer = world.deployer()) {
            assertThat(deployer.install(python, java)).hasSize(2);
            assertThat(deployer.state().current()).containsEntry("python", 4).containsEntry("java", 1);
            world.assertInstalled(python);
            world.assertInstalled(java);
        }
    }

    @Test
    void saysWhichKindsItCouldUse() {
        SubModelRelease release = world.release("python", 1);
        Artifact artifact = release.artifacts().getFirst();
        SubModelRelease delta = world.key.sign(TestWorld.withArtifacts(
                release,
                List.of(new Artifact(ArtifactKind.DELTA, artifact.uri(), artifact.bytes(), artifact.sha256()))));
        world.kinds = EnumSet.of(ArtifactKind.RECIPE, ArtifactKind.CHECKPOINT);
        try (Deployer deployer = world.deployer()) {
            assertThat(deployer.install(delta))
                    .singleElement()
                    .satisfies(deployment -> assertThat(deployment.reason()).contains("recipe or checkpoint"));
        }
    }

    @Test
    void survivesAListenerThatThrowsWhatNobodyExpects() {
        Hook hook = switched -> {
            throw new IllegalStateException();
        };
        try (Deployer deployer = world.deployer(StepObserver.NONE, List.of(hook))) {
            assertThatCode(() -> deployer.install(world.release("python", 1))).doesNotThrowAnyException();
        }
    }

    private static List<String> names(Path directory) throws IOException {
        try (var entries = Files.list(directory)) {
            return entries.map(entry -> entry.getFileName().toString()).toList();
        }
    }
}
