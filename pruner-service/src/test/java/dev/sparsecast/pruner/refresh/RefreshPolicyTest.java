package dev.sparsecast.pruner.refresh;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsecast.checkpoint.ModelConfig;
import dev.sparsecast.pruner.refresh.RefreshDecision.Obstacle;
import dev.sparsecast.pruner.refresh.Situation.Hold;
import dev.sparsecast.pruner.refresh.Situation.Rejection;
import dev.sparsecast.pruner.snapshot.GroupSnapshot;
import dev.sparsecast.pruner.snapshot.SnapshotContent;
import dev.sparsecast.pruner.snapshot.TestStatistics;
import dev.sparsecast.pruner.specification.SubModelSpecification;
import dev.sparsecast.pruner.specification.SubModelSpecification.Gate;
import dev.sparsecast.pruner.specification.SubModelSpecification.Group;
import dev.sparsecast.pruner.specification.SubModelSpecification.Refresh;
import dev.sparsecast.schemas.DriftReport;
import dev.sparsecast.schemas.DriftState;
import dev.sparsecast.schemas.FlushDigest;
import dev.sparsecast.schemas.GroupKey;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.ArtifactKind;
import dev.sparsecast.schemas.SubModelRelease.GroupProvenance;
import dev.sparsecast.schemas.SubModelRelease.PruningRecipe;
import dev.sparsecast.schemas.SubModelRelease.Quality;
import dev.sparsecast.schemas.SubModelRelease.Rollout;
import dev.sparsecast.schemas.SubModelRelease.Signature;
import dev.sparsecast.schemas.SubModelRelease.Trigger;
import dev.sparsecast.wanda.Budget;
import dev.sparsecast.wanda.PruningParameters;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class RefreshPolicyTest {
    private static final Instant NOW = Instant.ofEpochSecond(1_790_000_000);
    private static final ModelConfig CONFIG = TestStatistics.config(2);

    /** Each snapshot has 100 tokens and 3 prompts a flush, one flush an epoch from epoch 101 on, and two sources. */
    private static GroupSnapshot snapshot(GroupKey group, int flushes) {
        return TestStatistics.snapshot(CONFIG, group, TestStatistics.content(CONFIG, flushes), NOW);
    }

    private static GroupSnapshot python(int flushes) {
        return snapshot(TestStatistics.PYTHON, flushes);
    }

    /** A situation that is changed a little in each test: a release of ten flushes an hour ago, eleven flushes now. */
    private static final class Story {
        private List<Group> groups = List.of(new Group("python", "code", 1));
        private double sparsity = 0.5;
        private Refresh refresh =
                new Refresh(1000, 30, 2, 500, true, OptionalDouble.empty(), Optional.empty(), Duration.ofMinutes(10));
        private final List<GroupSnapshot> snapshots = new ArrayList<>(List.of(python(11)));
        private int heldOut = 8;
        private Optional<SubModelRelease> current;
        private final Map<GroupKey, DriftReport> drift = new HashMap<>();
        private Optional<Rejection> rejected = Optional.empty();
        private OptionalDouble churn = OptionalDouble.empty();
        private Optional<Hold> held = Optional.empty();
        private boolean commanded;
        private boolean paused;

        Story() {
            current = Optional.of(release(NOW.minus(Duration.ofHours(1)), python(10)));
        }

        SubModelSpecification specification() {
            return new SubModelSpecification(
                    "python",
                    groups,
                    PruningParameters.parse("wanda", "unstructured", OptionalDouble.of(sparsity)),
                    refresh,
                    new Gate(16, 8, 2, 1.01, 0.95, Duration.ofHours(1)),
                    Set.of(ArtifactKind.RECIPE));
        }

        RefreshDecision decision() {
            return RefreshPolicy.decide(situation());
        }

        Situation situation() {
            return new Situation(
                    specification(), snapshots, heldOut, current, drift, churn, rejected, held, commanded, paused, NOW);
        }

        Story snapshots(GroupSnapshot... others) {
            snapshots.clear();
            snapshots.addAll(List.of(others));
            return this;
        }

        Story first() {
            current = Optional.empty();
            return this;
        }

        Story released(Duration ago, GroupSnapshot... of) {
            current = Optional.of(release(NOW.minus(ago), of));
            return this;
        }

        Story drifted(DriftState state, String submodel, int version, long epoch) {
            drift.put(
                    TestStatistics.PYTHON,
                    new DriftReport(epoch, NOW, state, 0.3, 0.05, 0.1, 1000, submodel, version, List.of()));
            return this;
        }

        Story commanded() {
            commanded = true;
            return this;
        }

        Story sparsity(double other) {
            sparsity = other;
            return this;
        }

        Story groups(Group... others) {
            groups = List.of(others);
            return this;
        }

        Story heldOut(int prompts) {
            heldOut = prompts;
            return this;
        }

        Story refresh(long tokens, long prompts, long sources, long newTokens, boolean onDrift, Duration schedule) {
            refresh = new Refresh(
                    tokens,
                    prompts,
                    sources,
                    newTokens,
                    onDrift,
                    OptionalDouble.empty(),
                    Optional.of(schedule).filter(Duration::isPositive),
                    Duration.ofMinutes(10));
            return this;
        }

        Story rejected(Duration ago) {
            rejected = Optional.of(new Rejection(Ingredients.of(specification(), snapshots), NOW.minus(ago)));
            return this;
        }
    }

    @Test
    void nothingIsMadeWhilePaused() {
        Story story = new Story().commanded();
        story.paused = true;
        assertThat(story.decision())
                .isInstanceOfSatisfying(
                        RefreshDecision.Wait.class,
                        wait -> assertThat(wait.obstacle()).isEqualTo(Obstacle.PAUSED));
    }

    @Test
    void nothingFollowsAPinnedRelease() {
        Story story = new Story().commanded();
        story.current =
                story.current.map(release -> release.withRollout(new Rollout(1, true, OptionalInt.empty(), List.of())));
        assertThat(story.decision())
                .isEqualTo(new RefreshDecision.Wait(
                        Obstacle.PINNED, "version 3 is pinned; unpin it to have releases again"));
    }

    @Test
    void aWithdrawnSubModelIsMadeAgainFromSomethingNewOnly() {
        Story story = new Story().released(Duration.ofHours(1), python(10)).snapshots(python(10));
        story.current = story.current.map(
                release -> release.withRollout(new Rollout(1, false, OptionalInt.empty(), List.of(2, 3))));
        assertThat(story.decision())
                .isInstanceOfSatisfying(
                        RefreshDecision.Wait.class,
                        wait -> assertThat(wait.obstacle()).isEqualTo(Obstacle.NEWS));
        story.snapshots(python(11));
        assertThat(story.decision())
                .isInstanceOfSatisfying(
                        RefreshDecision.Release.class,
                        release -> assertThat(release.trigger()).isEqualTo(Trigger.FIRST));
    }

    @Test
    void churnReleasesAgainIfThereIsAThresholdAndItIsReached() {
        Story story = new Story();
        story.churn = OptionalDouble.of(0.02);
        assertThat(story.decision()).isInstanceOf(RefreshDecision.Wait.class);
        Refresh refresh = story.refresh;
        story.refresh = new Refresh(
                refresh.minimumTokens(),
                refresh.minimumPrompts(),
                refresh.minimumSources(),
                refresh.newTokens(),
                refresh.onDrift(),
                OptionalDouble.of(0.02),
                refresh.schedule(),
                refresh.minimumInterval());
        assertThat(story.decision())
                .isEqualTo(new RefreshDecision.Release(
                        Trigger.CHURN, "2.00 % of the mask of version 3 would be other bits now"));
        story.churn = OptionalDouble.of(0.0199);
        assertThat(story.decision()).isInstanceOf(RefreshDecision.Wait.class);
    }

    @Test
    void aHeldCandidateWaitsForHalfAsManyPromptsMoreOrForTheEndOfItsTime() {
        Story story = new Story().commanded();
        story.heldOut(11);
        story.held = Optional.of(new Hold(NOW.minus(Duration.ofMinutes(59)), 8));
        assertThat(story.decision())
                .isEqualTo(new RefreshDecision.Wait(
                        Obstacle.EVIDENCE, "8 held-out prompts did not tell; measured again when there are 12"));
        story.heldOut(12);
        assertThat(story.decision()).isInstanceOf(RefreshDecision.Release.class);
        story.heldOut(11);
        story.held = Optional.of(new Hold(NOW.minus(Duration.ofMinutes(60)), 8));
        assertThat(story.decision()).isInstanceOf(RefreshDecision.Release.class);
    }

    @Test
    void moreEvidenceIsWaitedForOnlyIfMoreMayCome() {
        Story story = new Story();
        assertThat(story.heldOut(15).situation().mayHold()).isTrue();
        assertThat(story.heldOut(16).situation().mayHold()).isFalse();
    }

    private static SubModelRelease release(Instant at, GroupSnapshot... snapshots) {
        return new SubModelRelease(
                TestStatistics.MODEL,
                "python",
                3,
                OptionalInt.of(2),
                "sha256:00",
                Trigger.FIRST,
                new PruningRecipe("wanda", "unstructured", 0.5, "sha256:11", TestStatistics.HALF_LIFE),
                List.of(),
                new Quality(8, 100, 10, 12, OptionalDouble.empty()),
                Stream.of(snapshots)
                        .map(snapshot -> new GroupProvenance(
                                snapshot.group().language(),
                                snapshot.group().domain(),
                                1,
                                snapshot.epoch(),
                                snapshot.flushDigest(),
                                snapshot.tokens(),
                                snapshot.prompts()))
                        .toList(),
                at,
                at,
                "",
                Signature.NONE);
    }

    static Stream<Arguments> releases() {
        return Stream.of(
                Arguments.of("the first", new Story().first(), Trigger.FIRST),
                Arguments.of(
                        "the first, with exactly the minima",
                        new Story().first().snapshots(python(10)),
                        Trigger.FIRST),
                Arguments.of("exactly enough new tokens", new Story().snapshots(python(15)), Trigger.TOKENS),
                Arguments.of(
                        "a count started anew",
                        new Story().released(Duration.ofHours(1), python(1000)).snapshots(python(15)),
                        Trigger.TOKENS),
                Arguments.of("a command", new Story().commanded(), Trigger.COMMAND),
                Arguments.of("a command without news", new Story().commanded().snapshots(python(10)), Trigger.COMMAND),
                Arguments.of(
                        "a command before drift and tokens",
                        new Story().commanded().snapshots(python(15)).drifted(DriftState.DRIFTED, "python", 3, 115),
                        Trigger.COMMAND),
                Arguments.of("another sparsity", new Story().sparsity(0.6), Trigger.COMMAND),
                Arguments.of("another weight", new Story().groups(new Group("python", "code", 2)), Trigger.COMMAND),
                Arguments.of(
                        "another group",
                        new Story()
                                .groups(new Group("python", "code", 1), new Group("java", "code", 1))
                                .snapshots(python(10), snapshot(TestStatistics.JAVA, 1)),
                        Trigger.COMMAND),
                Arguments.of(
                        "drift that the snapshot contains",
                        new Story().drifted(DriftState.DRIFTED, "python", 3, 111),
                        Trigger.DRIFT),
                Arguments.of(
                        "drift before tokens",
                        new Story().snapshots(python(15)).drifted(DriftState.DRIFTED, "python", 3, 111),
                        Trigger.DRIFT),
                Arguments.of(
                        "the schedule to the second",
                        new Story().refresh(1000, 30, 2, 0, false, Duration.ofHours(1)),
                        Trigger.SCHEDULE),
                Arguments.of(
                        "as much as the interval later",
                        new Story().snapshots(python(15)).released(Duration.ofMinutes(10), python(10)),
                        Trigger.TOKENS),
                Arguments.of(
                        "a rejection of something older",
                        new Story().rejected(Duration.ofMinutes(10)).snapshots(python(15)),
                        Trigger.TOKENS),
                Arguments.of(
                        "two groups that have the minima together",
                        new Story()
                                .first()
                                .groups(new Group("python", "code", 1), new Group("java", "code", 1))
                                .snapshots(python(5), snapshot(TestStatistics.JAVA, 5)),
                        Trigger.FIRST));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("releases")
    void releasesBecauseOf(String what, Story story, Trigger expected) {
        assertThat(story.decision()).isInstanceOfSatisfying(RefreshDecision.Release.class, release -> {
            assertThat(release.trigger()).isEqualTo(expected);
            assertThat(release.reason()).isNotBlank();
        });
    }

    static Stream<Arguments> waits() {
        Duration never = Duration.ZERO;
        SnapshotContent content = TestStatistics.content(CONFIG, 11);
        GroupSnapshot otherHalfLife = TestStatistics.snapshot(
                CONFIG,
                TestStatistics.JAVA,
                new SnapshotContent(
                        content.layers(),
                        content.epoch(),
                        content.epochMillis(),
                        content.flushes(),
                        content.flushDigest(),
                        content.tokens(),
                        content.prompts(),
                        content.decayedTokens(),
                        content.halfLifeTokens() + 1),
                NOW);
        return Stream.of(
                Arguments.of("no snapshot", new Story().first().snapshots(), Obstacle.SNAPSHOT),
                Arguments.of(
                        "a snapshot of one group of two",
                        new Story().groups(new Group("python", "code", 1), new Group("java", "code", 1)),
                        Obstacle.SNAPSHOT),
                Arguments.of(
                        "half-lives that differ",
                        new Story()
                                .groups(new Group("python", "code", 1), new Group("java", "code", 1))
                                .snapshots(python(11), otherHalfLife),
                        Obstacle.SNAPSHOT),
                Arguments.of("too few tokens", new Story().first().snapshots(python(9)), Obstacle.MINIMUM),
                Arguments.of(
                        "too few prompts", new Story().first().refresh(1, 34, 0, 0, true, never), Obstacle.MINIMUM),
                Arguments.of("too few sources", new Story().first().refresh(1, 1, 3, 0, true, never), Obstacle.MINIMUM),
                Arguments.of(
                        "too little even for a command",
                        new Story().first().commanded().snapshots(python(9)),
                        Obstacle.MINIMUM),
                Arguments.of("too few held-out prompts", new Story().first().heldOut(7), Obstacle.HELD_OUT),
                Arguments.of(
                        "the rate limit",
                        new Story()
                                .snapshots(python(15))
                                .released(Duration.ofMinutes(10).minusMillis(1), python(10)),
                        Obstacle.INTERVAL),
                Arguments.of(
                        "the rate limit even for a command",
                        new Story().commanded().released(Duration.ofMinutes(9), python(10)),
                        Obstacle.INTERVAL),
                Arguments.of(
                        "the rate limit since a rejection",
                        new Story().rejected(Duration.ofMinutes(9)).snapshots(python(15)),
                        Obstacle.INTERVAL),
                Arguments.of(
                        "a rejection of this very snapshot",
                        new Story().snapshots(python(15)).rejected(Duration.ofDays(1)),
                        Obstacle.REJECTED),
                Arguments.of(
                        "a rejection of this very snapshot even for a command",
                        new Story().commanded().rejected(Duration.ofDays(1)),
                        Obstacle.REJECTED),
                Arguments.of(
                        "a rejected first candidate",
                        new Story().first().rejected(Duration.ofDays(1)),
                        Obstacle.REJECTED),
                Arguments.of("nothing new", new Story().snapshots(python(10)), Obstacle.NEWS),
                Arguments.of(
                        "nothing new for the schedule",
                        new Story().snapshots(python(10)).refresh(1, 1, 0, 0, true, Duration.ofMinutes(1)),
                        Obstacle.NEWS),
                Arguments.of("too few new tokens", new Story().snapshots(python(14)), Obstacle.TRIGGER),
                Arguments.of(
                        "new tokens that do not count",
                        new Story().snapshots(python(15)).refresh(1, 1, 0, 0, true, never),
                        Obstacle.TRIGGER),
                Arguments.of(
                        "the schedule",
                        new Story()
                                .refresh(1, 1, 0, 0, true, Duration.ofHours(1).plusMillis(1)),
                        Obstacle.TRIGGER),
                Arguments.of(
                        "drift that is not certain",
                        new Story().drifted(DriftState.DRIFTING, "python", 3, 111),
                        Obstacle.TRIGGER),
                Arguments.of(
                        "drift from an older version",
                        new Story().drifted(DriftState.DRIFTED, "python", 2, 111),
                        Obstacle.TRIGGER),
                Arguments.of(
                        "drift from another sub-model",
                        new Story().drifted(DriftState.DRIFTED, "snake", 3, 111),
                        Obstacle.TRIGGER),
                Arguments.of(
                        "drift that the snapshot does not contain",
                        new Story().drifted(DriftState.DRIFTED, "python", 3, 112),
                        Obstacle.TRIGGER),
                Arguments.of(
                        "drift that does not count",
                        new Story()
                                .drifted(DriftState.DRIFTED, "python", 3, 111)
                                .refresh(1, 1, 0, 0, false, never),
                        Obstacle.TRIGGER));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("waits")
    void waitsBecauseOf(String what, Story story, Obstacle expected) {
        assertThat(story.decision()).isInstanceOfSatisfying(RefreshDecision.Wait.class, wait -> {
            assertThat(wait.obstacle()).isEqualTo(expected);
            assertThat(wait.reason()).isNotBlank();
        });
    }

    @Test
    void makesAnotherCandidateFromARejectedSnapshotWhenTheParametersChange() {
        Story story = new Story().first().rejected(Duration.ofDays(1));
        assertThat(story.decision()).isInstanceOf(RefreshDecision.Wait.class);
        assertThat(story.sparsity(0.4).decision()).isInstanceOf(RefreshDecision.Release.class);
    }

    @Test
    void tellsIngredientsApartByTheBudget() {
        SubModelSpecification uniform = new Story().specification();
        SubModelSpecification owl = new SubModelSpecification(
                uniform.name(),
                uniform.groups(),
                uniform.parameters().with(Budget.Owl.DEFAULT),
                uniform.refresh(),
                uniform.gate(),
                uniform.artifacts());
        assertThat(Ingredients.of(owl, List.of(python(11)))).isNotEqualTo(Ingredients.of(uniform, List.of(python(11))));
    }

    @Test
    void tellsIngredientsApartByAnythingThatAMaskDependsOn() {
        Ingredients ingredients = Ingredients.of(new Story().specification(), List.of(python(11)));
        SnapshotContent content = TestStatistics.content(CONFIG, 11);
        GroupSnapshot otherFlushes = TestStatistics.snapshot(
                CONFIG,
                TestStatistics.PYTHON,
                new SnapshotContent(
                        content.layers(),
                        content.epoch(),
                        content.epochMillis(),
                        content.flushes(),
                        new FlushDigest(1),
                        content.tokens(),
                        content.prompts(),
                        content.decayedTokens(),
                        content.halfLifeTokens()),
                NOW);
        assertThat(Ingredients.of(new Story().specification(), List.of(python(11))))
                .isEqualTo(ingredients);
        assertThat(Stream.of(
                        Ingredients.of(new Story().specification(), List.of(python(12))),
                        Ingredients.of(new Story().specification(), List.of(otherFlushes)),
                        Ingredients.of(new Story().sparsity(0.6).specification(), List.of(python(11))),
                        Ingredients.of(
                                new Story()
                                        .groups(new Group("python", "code", 2))
                                        .specification(),
                                List.of(python(11)))))
                .doesNotHaveDuplicates()
                .doesNotContain(ingredients);
    }
}
