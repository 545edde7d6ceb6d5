package dev.sparsecast.deployer.installation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsecast.deployer.TestWorld;
import dev.sparsecast.deployer.TestWorld.Deployer;
import dev.sparsecast.deployer.state.InstalledVersion;
import dev.sparsecast.schemas.SubModelDeployment;
import dev.sparsecast.schemas.SubModelDeployment.State;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.Artifact;
import dev.sparsecast.schemas.SubModelRelease.ArtifactKind;
import dev.sparsecast.wanda.Progress;
import dev.sparsecast.wanda.mask.SubModelMask;
import dev.sparsecast.wanda.materialization.CheckpointWriter;
import dev.sparsecast.wanda.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Which of a release's artifacts a deployer takes, and what it does when one is no good. */
class ArtifactChoiceTest {
    @TempDir
    Path directory;

    private TestWorld world;

    @BeforeEach
    void make() throws IOException {
        world = new TestWorld(directory.resolve("world"));
    }

    @AfterEach
    void close() {
        world.close();
    }

    @ParameterizedTest
    @EnumSource(ArtifactKind.class)
    void everyKindMakesTheSameCheckpoint(ArtifactKind kind) throws IOException {
        SubModelRelease release = world.release("python", 2, kind);
        try (Deployer deployer = world.deployer()) {
            deployer.install(world.release("python", 1));

            assertThat(deployer.install(release)).singleElement().satisfies(deployment -> {
                assertThat(deployment.state()).isEqualTo(State.DEPLOYED);
                assertThat(deployment.reason()).isEmpty();
            });
            assertThat(kind(deployer, 2)).isEqualTo(kind);
            world.assertInstalled(release);
        }
        Path expected = directory.resolve("expected");
        SubModelMask mask = world.recipe("python", 2).apply(world.base, 1);
        CheckpointWriter.write(world.base, mask, expected, 1, Progress.SILENT);
        for (String file : List.of("config.json", "tokenizer.json", "model.safetensors")) {
            assertThat(world.current("python").resolve(file)).hasSameBinaryContentAs(expected.resolve(file));
        }
    }

    @Test
    void theSmallestOfThoseThatMayBeUsedIsTaken() {
        SubModelRelease release = world.release("python", 2, ArtifactKind.values());
        List<ArtifactKind> bySize = release.artifacts().stream()
                .sorted(Comparator.comparingLong(Artifact::bytes))
                .map(Artifact::kind)
                .toList();
        for (int removed = 0; removed < bySize.size(); removed++) {
            world.kinds = EnumSet.copyOf(bySize.subList(removed, bySize.size()));
            world.state = directory.resolve("state-" + removed);
            try (Deployer deployer = world.deployer()) {
                deployer.install(world.release("python", 1, ArtifactKind.CHECKPOINT));
                deployer.install(release);
                assertThat(kind(deployer, 2)).isEqualTo(bySize.get(removed));
                world.assertInstalled(release);
            }
        }
    }

    @Test
    void aDeltaIsPassedOverWhereItsParentIsNotInstalled() {
        SubModelRelease release = world.release("python", 3, ArtifactKind.DELTA, ArtifactKind.CHECKPOINT);
        try (Deployer deployer = world.deployer()) {
            deployer.install(world.release("python", 1));

            assertThat(deployer.install(release)).singleElement().satisfies(deployment -> {
                assertThat(deployment.state()).isEqualTo(State.DEPLOYED);
                assertThat(deployment.reason())
                        .startsWith("made from its checkpoint, since its delta starts from version 2")
                        .contains("not installed here");
            });
            world.assertInstalled(release);
        }
    }

    @Test
    void aDeltaFromAnotherMaskThanTheParentsHereIsPassedOver() {
        SubModelRelease parent = world.unsigned("python", 2, world.recipe("python", 7));
        SubModelRelease release = world.release("python", 3, ArtifactKind.DELTA, ArtifactKind.CHECKPOINT);
        try (Deployer deployer = world.deployer()) {
            deployer.install(world.key.sign(parent));

            assertThat(deployer.install(release)).singleElement().satisfies(deployment -> {
                assertThat(deployment.state()).isEqualTo(State.DEPLOYED);
                assertThat(deployment.reason()).contains("its delta starts from the mask sha256:");
            });
            world.assertInstalled(release);
        }
    }

    @Test
    void aDeltaIsPassedOverWhereTheParentsMaskCannotBeToldFromItsZeros() throws IOException {
        try (TestWorld zeros = new TestWorld(directory.resolve("zeros"), ArtifactChoiceTest::clearLastRow);
                Deployer deployer = zeros.deployer()) {
            SubModelRelease release = zeros.release("python", 2, ArtifactKind.DELTA, ArtifactKind.CHECKPOINT);
            deployer.install(zeros.release("python", 1));

            assertThat(deployer.install(release)).singleElement().satisfies(deployment -> {
                assertThat(deployment.state()).isEqualTo(State.DEPLOYED);
                assertThat(deployment.reason()).contains("since the base model has zeros itself");
            });
            zeros.assertInstalled(release);
        }
    }

    /** Of the last module, whose rows have 20 weights: more zeros than are pruned. */
    private static void clearLastRow(Path model) throws IOException {
        Path file = model.resolve("model.safetensors");
        byte[] content = Files.readAllBytes(file);
        Arrays.fill(content, content.length - 20 * Float.BYTES, content.length, (byte) 0);
        Files.write(file, content);
    }

    @Test
    void aRecipeThatGivesAnotherMaskIsPassedOverAndToldLoudly() {
        Recipe good = world.recipe("python", 1);
        Path file = world.draft();
        new Recipe(good.parameters(), world.recipe("python", 9).calibration(), good.maskDigest()).write(file);
        Artifact wrong =
                TestWorld.artifact(ArtifactKind.RECIPE, "python/1/wrong", world.store.put("python/1/wrong", file));
        SubModelRelease release = world.key.sign(TestWorld.withArtifacts(
                world.unsigned("python", 1), List.of(wrong, world.artifact("python", 1, ArtifactKind.CHECKPOINT))));
        List<ArtifactKind> passedOver = new ArrayList<>();
        StepObserver observer = new StepObserver() {
            @Override
            public void reached(SubModelRelease ignored, Step step) {}

            @Override
            public void passedOver(SubModelRelease ignored, ArtifactKind kind) {
                passedOver.add(kind);
            }
        };
        try (Deployer deployer = world.deployer(observer, List.of())) {
            assertThat(deployer.install(release)).singleElement().satisfies(deployment -> {
                assertThat(deployment.state()).isEqualTo(State.DEPLOYED);
                assertThat(deployment.reason())
                        .startsWith("made from its checkpoint, since its recipe does not give the promised mask here");
                assertThat(deployment.maskDigest()).isEqualTo(good.maskDigest());
            });
            world.assertInstalled(release);
            assertThat(passedOver).containsExactly(ArtifactKind.RECIPE);
        }
    }

    @ParameterizedTest
    @EnumSource(ArtifactKind.class)
    void theNextIsTakenWhereOneIsDamagedInTheStore(ArtifactKind damaged) throws IOException {
        ArtifactKind other = damaged == ArtifactKind.MASK ? ArtifactKind.CHECKPOINT : ArtifactKind.MASK;
        SubModelRelease release = world.release("python", 2, damaged, other);
        Artifact artifact = release.artifact(damaged).orElseThrow();
        String file = damaged == ArtifactKind.CHECKPOINT ? artifact.uri() + ".files" : artifact.uri();
        Files.writeString(world.storeDirectory.resolve(file), "damaged");
        world.kinds = EnumSet.of(damaged, other);
        try (Deployer deployer = world.deployer()) {
            deployer.install(world.release("python", 1, other));

            assertThat(deployer.install(release))
                    .extracting(SubModelDeployment::state)
                    .containsExactly(State.DEPLOYED);
            assertThat(kind(deployer, 2)).isEqualTo(other);
            world.assertInstalled(release);
        }
    }

    @Test
    void aReleaseIsRefusedWithAllReasonsWhenNoArtifactIsAnyGoodAndTriedAgainIfThatMayPass() throws IOException {
        SubModelRelease release = world.release("python", 3, ArtifactKind.DELTA, ArtifactKind.MASK);
        Path mask = world.storeDirectory.resolve(
                release.artifact(ArtifactKind.MASK).orElseThrow().uri());
        byte[] content = Files.readAllBytes(mask);
        Files.writeString(mask, "damaged");
        try (Deployer deployer = world.deployer()) {
            assertThat(deployer.install(release)).singleElement().satisfies(deployment -> {
                assertThat(deployment.state()).isEqualTo(State.REFUSED);
                assertThat(deployment.reason()).contains("not installed here").contains("cannot be trusted");
            });
            Files.write(mask, content);
            assertThat(deployer.install(release))
                    .extracting(SubModelDeployment::state)
                    .containsExactly(State.DEPLOYED);
        }
    }

    private static ArtifactKind kind(Deployer deployer, int version) {
        return deployer.state()
                .subModel("python")
                .installed(version)
                .map(InstalledVersion::kind)
                .orElseThrow();
    }
}
