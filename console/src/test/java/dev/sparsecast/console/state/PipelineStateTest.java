package dev.sparsecast.console.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.sparsecast.console.view.DeploymentView;
import dev.sparsecast.console.view.EventView;
import dev.sparsecast.console.view.GroupDetail;
import dev.sparsecast.console.view.GroupView;
import dev.sparsecast.console.view.PipelineView;
import dev.sparsecast.console.view.ReleaseView;
import dev.sparsecast.console.view.TopicCount;
import dev.sparsecast.console.view.TrafficView.LanguageTraffic;
import dev.sparsecast.schemas.ActivationNorms;
import dev.sparsecast.schemas.ActivationStatistics;
import dev.sparsecast.schemas.DriftReport;
import dev.sparsecast.schemas.DriftState;
import dev.sparsecast.schemas.FlushDigest;
import dev.sparsecast.schemas.GroupKey;
import dev.sparsecast.schemas.HeldOut;
import dev.sparsecast.schemas.Prompt;
import dev.sparsecast.schemas.SubModelDeployment;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.Artifact;
import dev.sparsecast.schemas.SubModelRelease.ArtifactKind;
import dev.sparsecast.schemas.SubModelRelease.GroupProvenance;
import dev.sparsecast.schemas.SubModelRelease.PruningRecipe;
import dev.sparsecast.schemas.SubModelRelease.Quality;
import dev.sparsecast.schemas.SubModelRelease.Signature;
import dev.sparsecast.schemas.SubModelRelease.Trigger;
import dev.sparsecast.schemas.TapDrift;
import dev.sparsecast.schemas.TapNorms;
import dev.sparsecast.schemas.TapTotals;
import dev.sparsecast.schemas.Totals;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PipelineStateTest {
    private static final Instant NOW = Instant.parse("2026-11-24T12:00:00Z");
    private static final String MODEL = "tiny-coder@0123456789ab";
    private static final GroupKey PYTHON = new GroupKey(MODEL, "python", "code");

    private final PipelineState state = new PipelineState(InstantSource.fixed(NOW));

    @Test
    void anEmptyPipelineHasAViewToo() {
        PipelineView view = state.view();
        assertThat(view.traffic().prompts()).isZero();
        assertThat(view.groups()).isEmpty();
        assertThat(view.feed().caughtUp()).isFalse();
        assertThat(state.isReady()).isFalse();
    }

    @Test
    void ratesAreOverTheLastTenSecondsOfFullSteps() {
        for (int second = 1; second <= 20; second++) {
            state.prompt(prompt("p-" + second, "python"), NOW.minusSeconds(second));
        }
        state.prompt(prompt("j", "java"), NOW.minusSeconds(15));

        PipelineView view = state.view();

        assertThat(view.traffic().perSecond()).isEqualTo(1.0);
        LanguageTraffic java = view.traffic().languages().getFirst();
        assertThat(java.language()).isEqualTo("java");
        assertThat(java.perSecond()).isZero();
        assertThat(java.prompts()).isEqualTo(1);
        assertThat(java.series()).hasSize(SlidingCounts.STEPS - 1);
        assertThat(java.series().stream().mapToDouble(Double::doubleValue).sum())
                .isEqualTo(0.5);
        int step = (int) ((NOW.getEpochSecond() - 15 - view.traffic().from())
                / view.traffic().step());
        assertThat(java.series().get(step)).isEqualTo(0.5);
    }

    @Test
    void whatIsOlderThanTheWindowCountsInTotalsOnly() {
        state.prompt(prompt("old", "python"), NOW.minusSeconds(3600));
        LanguageTraffic python = state.view().traffic().languages().getFirst();
        assertThat(python.prompts()).isEqualTo(1);
        assertThat(python.series()).containsOnly(0.0);
    }

    @Test
    void aTimestampInTheFutureDoesNotBlockTheWindow() {
        state.prompt(prompt("future", "python"), NOW.plusSeconds(10_000));
        state.prompt(prompt("past", "python"), NOW.minusSeconds(2));
        assertThat(state.view().traffic().languages().getFirst().series().getLast())
                .isEqualTo(0.5);
    }

    @Test
    void heldOutPromptsAreThoseThatAllServicesHoldOut() {
        List<String> ids = IntStream.range(0, 200).mapToObj(i -> "p-" + i).toList();
        ids.forEach(id -> state.prompt(prompt(id, "python"), NOW));
        long expected = ids.stream().filter(HeldOut::contains).count();
        assertThat(expected).isPositive();
        assertThat(state.view().traffic().heldOut()).isEqualTo(expected);
        assertThat(state.view().traffic().languages().getFirst().heldOut()).isEqualTo(expected);
    }

    @Test
    void aFlushOfManyRecordsIsOneFlush() {
        GroupKey java = new GroupKey(MODEL, "java", "code");
        for (GroupKey group : List.of(PYTHON, java)) {
            for (int layer = 0; layer < 3; layer++) {
                state.norms(group.layer(layer), norms("flush-1", "worker-1", 100));
            }
        }
        state.norms(PYTHON.layer(0), norms("flush-2", "worker-1", 50));
        state.norms(PYTHON.layer(0), norms("flush-3", "worker-2", 7));

        assertThat(state.view().profiling().flushes()).isEqualTo(3);
        assertThat(state.view().profiling().tokens()).isEqualTo(257);
        assertThat(state.view().profiling().workers())
                .extracting(worker -> worker.worker(), worker -> worker.flushes(), worker -> worker.tokens())
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple("worker-1", 2L, 250L),
                        org.assertj.core.groups.Tuple.tuple("worker-2", 1L, 7L));
    }

    @Test
    void aSnapshotIsCompleteOnlyWhenEveryLayerContainsTheSameFlushes() {
        state.statistics(PYTHON.layer(0), statistics(5, "a b", 200));
        state.statistics(PYTHON.layer(1), statistics(5, "a b", 200));
        assertThat(group().complete()).as("layer 2 is missing").isFalse();
        assertThat(group().equalLayers()).isEqualTo(2);

        state.statistics(PYTHON.layer(2), statistics(4, "a", 100));
        assertThat(group().complete()).as("layer 2 lacks a flush").isFalse();

        state.statistics(PYTHON.layer(2), statistics(5, "a c", 200));
        assertThat(group().complete()).as("layer 2 contains another flush").isFalse();

        state.statistics(PYTHON.layer(2), statistics(5, "a b", 200));
        assertThat(group().complete()).isTrue();
        assertThat(group().equalLayers()).isEqualTo(3);
        assertThat(group().tokens()).isEqualTo(200);
        assertThat(group().epoch()).isEqualTo(5);
    }

    @Test
    void activityIsTheRootMeanSquareByBucketOfChannels() {
        double[] squares = new double[48];
        Arrays.fill(squares, 0, 2, 400);
        squares[47] = 800;
        Totals totals = new Totals(100, 1, List.of(new TapTotals("mlp_hidden", squares, new double[48])));
        state.statistics(
                PYTHON.layer(1),
                new ActivationStatistics(3, 1, 1000, 1, FlushDigest.EMPTY, NOW, 1, totals, totals, 1000));

        GroupDetail detail = detail();

        assertThat(detail.layers()).isEqualTo(3);
        GroupDetail.TapActivity tap = detail.activity().getFirst();
        assertThat(tap.channels()).isEqualTo(48);
        assertThat(tap.rms().get(0)).as("a layer that was not seen").isEmpty();
        assertThat(tap.rms().get(1)).hasSize(LayerStatistics.BUCKETS);
        assertThat(tap.rms().get(1).getFirst()).isEqualTo(2.0);
        assertThat(tap.rms().get(1).get(1)).isZero();
        assertThat(tap.rms().get(1).getLast()).isEqualTo(2.0);
    }

    @Test
    void statisticsOfNoTokensShowAsZeroAndNotAsNaN() {
        Totals none = new Totals(0, 0, List.of(new TapTotals("mlp_input", new double[] {0}, new double[] {0})));
        state.statistics(
                PYTHON.layer(0), new ActivationStatistics(1, 1, 1000, 0, FlushDigest.EMPTY, NOW, 0, none, none, 1000));
        assertThat(detail().activity().getFirst().rms().getFirst()).containsExactly(0.0);
    }

    @Test
    void driftKeepsItsHistoryAndTellsOfChanges() {
        state.drift(PYTHON, drift(1, DriftState.LEARNING, 0.03, Double.POSITIVE_INFINITY));
        state.drift(PYTHON, drift(2, DriftState.STABLE, 0.04, 0.1));
        state.drift(PYTHON, drift(3, DriftState.STABLE, 0.05, 0.1));
        state.drift(PYTHON, drift(4, DriftState.DRIFTING, 0.2, 0.1));

        GroupView.DriftView view = group().drift();
        assertThat(view).isNotNull();
        assertThat(view.state()).isEqualTo("drifting");
        assertThat(view.reference()).isEqualTo("python v2");
        assertThat(view.recent()).hasSize(4).last().isEqualTo(2.0);
        assertThat(detail().driftHistory()).extracting(point -> point.epoch()).containsExactly(1L, 2L, 3L, 4L);
        assertThat(detail().driftHistory().getFirst().threshold())
                .as("infinity is no JSON")
                .isNull();
        assertThat(detail().measurements()).hasSize(1);
        assertThat(state.view().events())
                .extracting(EventView::text)
                .containsExactly(
                        "stable → drifting, effect 0.200, threshold 0.100",
                        "learning → stable, effect 0.040, threshold 0.100");
    }

    @Test
    void driftHistoryIsBounded() {
        for (int epoch = 0; epoch < 2000; epoch++) {
            state.drift(PYTHON, drift(epoch, DriftState.STABLE, 0.01, 0.1));
        }
        assertThat(detail().driftHistory())
                .hasSizeLessThan(500)
                .last()
                .extracting(point -> point.epoch())
                .isEqualTo(1999L);
    }

    @Test
    void aReleaseKnowsWhoRunsItAndADeploymentHowLongAgoItsSnapshotWas() {
        state.release(release(1, NOW.minusSeconds(60)));
        state.release(release(2, NOW.minusSeconds(10)));
        state.deployment(deployment("d-1", 2, SubModelDeployment.State.DEPLOYED));
        state.deployment(deployment("d-2", 2, SubModelDeployment.State.REFUSED));
        state.deployment(deployment("d-3", 9, SubModelDeployment.State.DEPLOYED));

        assertThat(state.view().releases())
                .extracting(ReleaseView::version, ReleaseView::deployers)
                .containsExactly(org.assertj.core.groups.Tuple.tuple(2, 1), org.assertj.core.groups.Tuple.tuple(1, 0));
        ReleaseView first = state.view().releases().getLast();
        assertThat(first.parent()).isNull();
        assertThat(first.current()).isNull();
        assertThat(first.recipeBytes()).isEqualTo(87_000L);
        assertThat(first.secondsToRelease()).isEqualTo(1.5);
        assertThat(first.mixture()).containsExactly("python/code");
        List<DeploymentView> deployments = state.view().deployments();
        assertThat(deployments).hasSize(3);
        DeploymentView known = deployments.stream()
                .filter(deployment -> deployment.deployer().equals("d-1"))
                .findFirst()
                .orElseThrow();
        assertThat(known.secondsFromSnapshot()).isCloseTo(11.5, within(1e-9));
        assertThat(known.seconds()).isEqualTo(0.25);
        assertThat(known.stages()).extracting(stage -> stage.stage()).containsExactly("materialize", "verify");
        assertThat(deployments.stream()
                        .filter(deployment -> deployment.deployer().equals("d-3"))
                        .findFirst()
                        .orElseThrow()
                        .secondsFromSnapshot())
                .as("of a release that is not known")
                .isNull();
    }

    @Test
    void theSameRecordReadAgainIsNoNews() {
        state.release(release(1, NOW));
        state.release(release(1, NOW));
        state.deployment(deployment("d-1", 1, SubModelDeployment.State.DEPLOYED));
        state.deployment(deployment("d-1", 1, SubModelDeployment.State.DEPLOYED));
        assertThat(state.view().events()).hasSize(2);
        assertThat(state.view().releases()).hasSize(1);
    }

    @Test
    void deadLettersAreCountedByTopicWithTheLastReason() {
        state.deadLetter("dead-letters.prompts.java", "first");
        state.deadLetter("dead-letters.prompts.java", "x".repeat(10_000));
        state.undecodable("activation-norms", "no Avro");
        TopicCount letters = state.view().deadLetters().getFirst();
        assertThat(letters.records()).isEqualTo(2);
        assertThat(letters.lastReason()).startsWith("xxx").hasSizeLessThan(400);
        assertThat(state.view().feed().undecodable()).containsExactly(new TopicCount("activation-norms", 1, "no Avro"));
    }

    @Test
    void manyNamesDoNotFillTheMemory() {
        for (int i = 0; i < 5000; i++) {
            state.prompt(prompt("p-" + i, "l" + i), NOW);
            state.drift(new GroupKey(MODEL, "l" + i, "code"), drift(1, DriftState.STABLE, 0.01, 0.1));
            state.norms(new GroupKey(MODEL, "l" + i, "code").layer(0), norms("f-" + i, "w-" + i, 1));
        }
        PipelineView view = state.view();
        assertThat(view.traffic().languages()).hasSizeBetween(50, 200);
        assertThat(view.groups()).hasSizeBetween(50, 1000);
        assertThat(view.profiling().workers()).hasSizeBetween(50, 500);
        assertThat(view.traffic().prompts()).as("totals stay").isEqualTo(5000);
    }

    @Test
    void itIsReadyWhenItHasCaughtUpAndNothingIsWrong() {
        state.caughtUp();
        assertThat(state.isReady()).isTrue();
        state.problem("Kafka does not answer");
        assertThat(state.isReady()).isFalse();
        state.problem("");
        assertThat(state.isReady()).isTrue();
    }

    private GroupView group() {
        return state.view().groups().getFirst();
    }

    private GroupDetail detail() {
        return state.group(MODEL, "python", "code").orElseThrow();
    }

    private static Prompt prompt(String id, String language) {
        return new Prompt(id, language, "code", "text", "", Map.of());
    }

    private static ActivationNorms norms(String flush, String worker, long tokens) {
        return new ActivationNorms(
                flush,
                worker,
                NOW.minusSeconds(3),
                3,
                tokens,
                2,
                1,
                List.of(new TapNorms("mlp_input", new float[] {1}, new float[] {1})));
    }

    private static ActivationStatistics statistics(long epoch, String flushes, double tokens) {
        FlushDigest digest =
                Arrays.stream(flushes.split(" ", -1)).reduce(FlushDigest.EMPTY, FlushDigest::plus, FlushDigest::plus);
        Totals totals =
                new Totals(tokens, 4, List.of(new TapTotals("mlp_input", new double[] {tokens}, new double[] {0})));
        return new ActivationStatistics(3, epoch, 1000, 2, digest, NOW, 1, totals, totals, 1000);
    }

    private static DriftReport drift(long epoch, DriftState drift, double effect, double threshold) {
        return new DriftReport(
                epoch,
                NOW.plusSeconds(epoch),
                drift,
                effect,
                0.03,
                threshold,
                1000,
                "python",
                2,
                List.of(new TapDrift(0, "mlp_input", effect, effect / 10, 0.03)));
    }

    private static SubModelRelease release(int version, Instant at) {
        return new SubModelRelease(
                MODEL,
                "python",
                version,
                version == 1 ? OptionalInt.empty() : OptionalInt.of(version - 1),
                "sha256:00",
                Trigger.FIRST,
                new PruningRecipe("wanda", "unstructured", 0.6, "sha256:11", 1000),
                List.of(new Artifact(ArtifactKind.RECIPE, "python/1/recipe.safetensors", 87_000, "22")),
                new Quality(10, 2000, 22.8, 44.1, version == 1 ? OptionalDouble.empty() : OptionalDouble.of(45)),
                List.of(new GroupProvenance("python", "code", 1, 5, FlushDigest.EMPTY, 200, 4)),
                at.minusMillis(1500),
                at,
                "",
                Signature.NONE);
    }

    private static SubModelDeployment deployment(String deployer, int version, SubModelDeployment.State outcome) {
        return new SubModelDeployment(
                MODEL,
                "python",
                deployer,
                version,
                outcome,
                "",
                "",
                "",
                NOW.minusMillis(250),
                NOW,
                Map.of("verify", 3L, "materialize", 40L));
    }
}
