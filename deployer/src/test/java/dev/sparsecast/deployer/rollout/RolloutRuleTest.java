package dev.sparsecast.deployer.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.sparsecast.schemas.SubModelDeployment;
import dev.sparsecast.schemas.SubModelDeployment.State;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.PruningRecipe;
import dev.sparsecast.schemas.SubModelRelease.Quality;
import dev.sparsecast.schemas.SubModelRelease.Rollout;
import dev.sparsecast.schemas.SubModelRelease.Signature;
import dev.sparsecast.schemas.SubModelRelease.Trigger;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class RolloutRuleTest {
    private static final Instant RELEASED = Instant.parse("2026-01-01T00:00:00Z");
    private static final Duration PATIENCE = Duration.ofMinutes(30);

    private final Acknowledgements acknowledgements = new Acknowledgements();
    private final SubModelRelease release = release(7, 0.2);
    private final List<String> canaries =
            fleet().filter(name -> Canaries.includes(release, name)).limit(3).toList();
    private final List<String> others =
            fleet().filter(name -> !Canaries.includes(release, name)).limit(3).toList();
    private Instant now = RELEASED;

    private static Stream<String> fleet() {
        return IntStream.range(0, 1000).mapToObj(number -> "deployer-" + number);
    }

    private Turn turn(String deployer) {
        return new RolloutRule(deployer, PATIENCE, () -> now).turn(release, acknowledgements);
    }

    private void says(String deployer, int version, State state) {
        acknowledgements.add(new SubModelDeployment(
                release.model(),
                release.submodel(),
                deployer,
                version,
                state,
                state == State.DEPLOYED ? "" : "no good",
                "",
                "",
                now,
                now,
                Map.of()));
    }

    private void assertOursForAllOthers() {
        assertThat(others).allSatisfy(name -> assertThat(turn(name)).isEqualTo(new Turn.Ours()));
    }

    private void assertLaterForAllOthers(String reason) {
        assertThat(others)
                .allSatisfy(name -> assertThat(turn(name))
                        .isInstanceOfSatisfying(
                                Turn.Later.class,
                                later -> assertThat(later.reason()).contains(reason)));
    }

    @Test
    void aShareOfTheDeployersIsFirst() {
        for (double share : new double[] {0.05, 0.2, 0.5}) {
            long first = fleet().filter(name -> Canaries.includes(release(7, share), name))
                    .count();
            assertThat(first / 1000.0).as("share " + share).isCloseTo(share, within(0.05));
        }
        assertThat(fleet()).allMatch(name -> Canaries.includes(release(7, 1), name));
    }

    @Test
    void aLargerShareHasTheSmallerOnesCanariesAmongItsOwn() {
        assertThat(fleet().filter(name -> Canaries.includes(release(7, 0.1), name)))
                .allMatch(name -> Canaries.includes(release, name));
    }

    @Test
    void otherDeployersAreFirstNextTime() {
        assertThat(fleet().filter(name -> Canaries.includes(release(8, 0.2), name)))
                .isNotEqualTo(
                        fleet().filter(name -> Canaries.includes(release, name)).toList());
    }

    @Test
    void canariesTakeItAtOnce() {
        says(canaries.get(1), 7, State.ROLLED_BACK);

        assertThat(turn(canaries.getFirst())).isEqualTo(new Turn.Ours());
    }

    @Test
    void theOthersWaitForMoreThanHalfOfTheCanaries() {
        canaries.forEach(name -> says(name, 6, State.DEPLOYED));
        assertLaterForAllOthers("0 of 3 known canaries");
        says(canaries.get(0), 7, State.DEPLOYED);
        assertLaterForAllOthers("1 of 3 known canaries");
        says(canaries.get(1), 7, State.DEPLOYED);
        assertOursForAllOthers();
    }

    @Test
    void theOthersDoNotFollowWhileACanaryObjects() {
        says(canaries.get(0), 7, State.DEPLOYED);
        says(canaries.get(1), 7, State.DEPLOYED);
        says(canaries.get(2), 7, State.ROLLED_BACK);
        assertLaterForAllOthers("the canary " + canaries.get(2) + " did not find it good: no good");
        now = RELEASED.plus(PATIENCE).plus(PATIENCE);
        assertLaterForAllOthers("did not find it good");

        says(canaries.get(2), 7, State.DEPLOYED);
        assertOursForAllOthers();
    }

    @Test
    void whatAnybodyElseSaysDoesNotCount() {
        says(others.get(0), 7, State.DEPLOYED);
        assertLaterForAllOthers("0 of 0 known canaries");
        says(canaries.get(0), 7, State.DEPLOYED);
        says(others.get(0), 7, State.REFUSED);
        assertOursForAllOthers();
    }

    @Test
    void afterTheTimeOutOneCanaryIsEnough() {
        canaries.forEach(name -> says(name, 6, State.DEPLOYED));
        says(canaries.get(0), 7, State.DEPLOYED);
        now = RELEASED.plus(PATIENCE).minusMillis(1);
        assertLaterForAllOthers("1 of 3");
        now = RELEASED.plus(PATIENCE);
        assertOursForAllOthers();
    }

    @Test
    void afterTheTimeOutNoneIsNeededWhereThereIsNone() {
        says(others.get(0), 6, State.DEPLOYED);
        assertLaterForAllOthers("0 of 0");
        now = RELEASED.plus(PATIENCE);
        assertOursForAllOthers();
    }

    @Test
    void silenceOfCanariesIsNoConsent() {
        canaries.forEach(name -> says(name, 6, State.DEPLOYED));
        now = RELEASED.plus(PATIENCE).plus(PATIENCE);
        assertLaterForAllOthers("0 of 3 known canaries have deployed it, and the time-out is over");

        canaries.forEach(name -> acknowledgements.remove(release.key(), name));
        assertOursForAllOthers();
    }

    @Test
    void aCanaryThatWentOnHasStillDeployedIt() {
        canaries.forEach(name -> says(name, 7, State.DEPLOYED));
        canaries.forEach(name -> says(name, 8, State.ROLLED_BACK));
        assertOursForAllOthers();
    }

    private static SubModelRelease release(int version, double share) {
        return new SubModelRelease(
                "tiny@0123456789ab",
                "python",
                version,
                OptionalInt.empty(),
                "sha256:00",
                Trigger.TOKENS,
                new PruningRecipe("wanda", "unstructured", 0.5, "sha256:11", 5000),
                List.of(),
                new Quality(8, 100, 10, 12, OptionalDouble.empty()),
                List.of(),
                RELEASED,
                RELEASED,
                "",
                Signature.NONE,
                new Rollout(share, false, OptionalInt.empty(), List.of()));
    }
}
