package dev.sparsecast.deployer.installation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.deployer.TestWorld;
import dev.sparsecast.deployer.TestWorld.Deployer;
import dev.sparsecast.deployer.hook.Hook;
import dev.sparsecast.deployer.hook.HookException;
import dev.sparsecast.deployer.rollout.Turn;
import dev.sparsecast.schemas.SubModelDeployment;
import dev.sparsecast.schemas.SubModelDeployment.State;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.Rollout;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Versions that were withdrawn after they had been released, and releases whose turn has not come. */
class RevocationTest {
    @TempDir
    Path directory;

    private TestWorld world;
    private SubModelRelease first;
    private SubModelRelease second;
    private final List<Integer> told = new ArrayList<>();
    private final Hook hook = switched -> told.add(switched.version());

    @BeforeEach
    void makeWorld() throws IOException {
        world = new TestWorld(directory);
        first = world.release("python", 1);
        second = world.release("python", 2);
    }

    @AfterEach
    void closeWorld() {
        world.close();
    }

    /** A release that has version 1's mask again. */
    private SubModelRelease restoring(int version, Integer... revoked) {
        SubModelRelease release = world.unsigned("python", version, world.recipe("python", 1));
        return world.key.sign(release.withRollout(new Rollout(1, false, OptionalInt.of(1), List.of(revoked))));
    }

    /** A release after which there is nothing to install. */
    private SubModelRelease withdrawal(int version, Integer... revoked) {
        SubModelRelease release = TestWorld.withArtifacts(world.unsigned("python", version), List.of());
        return world.key.sign(release.withRollout(new Rollout(1, false, OptionalInt.empty(), List.of(revoked))));
    }

    @Test
    void takesTheReleaseThatRestoresAGoodOneAndRemovesTheRevoked() {
        try (Deployer deployer = world.deployer()) {
            deployer.install(first);
            deployer.install(second);
            SubModelRelease third = restoring(3, 2);

            assertThat(deployer.install(third))
                    .extracting(SubModelDeployment::version, SubModelDeployment::state)
                    .containsExactly(org.assertj.core.groups.Tuple.tuple(3, State.DEPLOYED));

            world.assertInstalled(third);
            assertThat(third.recipe().maskDigest()).isEqualTo(first.recipe().maskDigest());
            assertThat(world.state.resolve("python/versions/2")).doesNotExist();
            assertThat(world.state.resolve("python/versions/1")).exists();
        }
    }

    @Test
    void leavesARevokedVersionForTheNewestGoodOneWhenTheNewReleaseMayNotBeTakenYet() {
        try (Deployer deployer = world.deployer(StepObserver.NONE, List.of(hook))) {
            deployer.install(first);
            deployer.install(second);
            world.turn = new Turn.Later("canaries");

            assertThat(deployer.install(restoring(3, 2))).singleElement().satisfies(left -> {
                assertThat(left.state()).isEqualTo(State.ROLLED_BACK);
                assertThat(left.version()).isEqualTo(2);
                assertThat(left.reason()).isEqualTo("version 2 was revoked by release 3");
            });

            world.assertInstalled(first);
            assertThat(told).containsExactly(1, 2, 1);
        }
    }

    @Test
    void leavesARevokedVersionForNothingWhereNothingGoodIsLeft() {
        try (Deployer deployer = world.deployer()) {
            deployer.install(first);
            deployer.install(second);

            assertThat(deployer.install(withdrawal(3, 1, 2, 3)))
                    .extracting(SubModelDeployment::version, SubModelDeployment::state)
                    .containsExactly(
                            org.assertj.core.groups.Tuple.tuple(3, State.REFUSED),
                            org.assertj.core.groups.Tuple.tuple(2, State.ROLLED_BACK));

            assertThat(deployer.state().current()).isEmpty();
            assertThat(world.current("python")).doesNotExist();
        }
    }

    @Test
    void installsNoRevokedVersionThatItMeetsLater() {
        try (Deployer deployer = world.deployer()) {
            world.turn = new Turn.Later("canaries");
            deployer.install(restoring(3, 2));
            world.turn = new Turn.Ours();

            List<SubModelDeployment> outcomes = deployer.install(restoring(4, 2, 3), second, first);

            assertThat(outcomes).extracting(SubModelDeployment::version).containsExactly(4, 2);
            assertThat(outcomes).extracting(SubModelDeployment::reason).contains("it was revoked");
            assertThat(deployer.state().current()).containsEntry("python", 4);
        }
    }

    @Test
    void installsNoRevokedVersionThatIsReplayedAlone() {
        try (Deployer deployer = world.deployer()) {
            deployer.install(first);
            deployer.install(withdrawal(3, 2, 3));
        }
        try (Deployer deployer = world.deployer()) {
            assertThat(deployer.install(second))
                    .extracting(SubModelDeployment::reason)
                    .containsExactly("it was revoked");
            world.assertInstalled(first);
        }
    }

    @Test
    void rollsBackPastARevokedVersion() {
        Hook objection = switched -> {
            if (switched.version() == 3) {
                throw new HookException("no");
            }
        };
        try (Deployer deployer = world.deployer(StepObserver.NONE, List.of(objection))) {
            deployer.install(first);
            deployer.install(second);

            deployer.install(restoring(3, 2));

            world.assertInstalled(first);
            assertThat(world.state.resolve("python/versions/2")).doesNotExist();
        }
    }

    @Test
    void believesNobodyWhoseSignatureDoesNotFit() {
        try (Deployer deployer = world.deployer()) {
            deployer.install(first);
            SubModelRelease forged = withdrawal(2, 1, 2).signed("", SubModelRelease.Signature.NONE);

            assertThat(deployer.install(forged))
                    .extracting(SubModelDeployment::state)
                    .containsExactly(State.REFUSED);

            world.assertInstalled(first);
        }
    }

    @Test
    void finishesLeavingAfterItWasKilledAndTellsTheHooks() {
        try (Deployer deployer = world.deployer()) {
            deployer.install(first);
            deployer.install(second);
        }
        Hook killer = switched -> {
            throw new Killed();
        };
        try (Deployer deployer = world.deployer(StepObserver.NONE, List.of(killer))) {
            world.turn = new Turn.Later("canaries");
            SubModelRelease third = restoring(3, 2);
            assertThatThrownBy(() -> deployer.install(third)).isInstanceOf(Killed.class);
        }
        try (Deployer deployer = world.deployer(StepObserver.NONE, List.of(hook))) {
            deployer.installer().resume(switched -> {});
            assertThat(told).containsExactly(1);
            deployer.installer().resume(switched -> {});
            deployer.install(restoring(3, 2));
            world.assertInstalled(first);
            assertThat(told).containsExactly(1);
        }
    }

    private static final class Killed extends Error {
        private static final long serialVersionUID = 1L;
    }

    @Test
    void waitsForItsTurnAndTakesTheReleaseThen() {
        try (Deployer deployer = world.deployer()) {
            deployer.install(first);
            world.turn = new Turn.Later("canaries");
            assertThat(deployer.waiting(second))
                    .extracting(Announcement::release)
                    .containsExactly(second);
            world.assertInstalled(first);

            world.turn = new Turn.Ours();
            assertThat(deployer.waiting(second)).isEmpty();
            world.assertInstalled(second);
        }
    }

    @Test
    void tellsANewcomerOfWhatIsInUseAndNobodyElse() {
        try (Deployer deployer = world.deployer()) {
            deployer.install(first);
        }
        List<Integer> newcomer = new ArrayList<>();
        try (Deployer deployer = world.deployer(StepObserver.NONE, List.of(hook))) {
            deployer.installer().resume(switched -> newcomer.add(switched.version()));
        }
        assertThat(newcomer).containsExactly(1);
        assertThat(told).isEmpty();
    }
}
