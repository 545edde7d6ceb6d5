package dev.sparsecast.streams.drift;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.sparsecast.schemas.ActivationNorms;
import dev.sparsecast.schemas.ActivationStatistics;
import dev.sparsecast.schemas.DriftReport;
import dev.sparsecast.schemas.DriftState;
import dev.sparsecast.schemas.GroupKey;
import dev.sparsecast.schemas.TapDrift;
import dev.sparsecast.streams.StreamsFixture;
import dev.sparsecast.streams.StreamsSettings;
import dev.sparsecast.streams.statistics.EpochSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class DriftTest {
    private static final GroupKey GROUP = GroupKey.parse("tiny@0123/python/code");
    private static final Duration EPOCH = Duration.ofSeconds(1);
    private static final StreamsSettings SETTINGS = new StreamsSettings(
            new EpochSettings(EPOCH, Duration.ofMillis(200), Duration.ofSeconds(1), Duration.ofSeconds(30), 20_000),
            new DriftSettings(3_600, 3, 4, 1.5, 1.2, 0.01, 2, 3));

    @TempDir
    private Path state;

    private StreamsFixture app;
    private Instant now = StreamsFixture.START;

    static LongStream seeds() {
        return LongStream.rangeClosed(1, 3);
    }

    @BeforeEach
    void start() {
        app = new StreamsFixture(state, SETTINGS);
    }

    @AfterEach
    void stop() {
        app.close();
    }

    @Test
    void withoutAReleaseAGroupIsLearning() {
        Traffic traffic = new Traffic(new Random(1));

        send(traffic, 100, 0);

        List<DriftReport> reports = reports();
        assertThat(reports).hasSizeGreaterThan(10).allSatisfy(report -> {
            assertThat(report.state()).isEqualTo(DriftState.LEARNING);
            assertThat(report.referenceSubmodel()).isEmpty();
            assertThat(report.effect()).isZero();
        });
        assertThat(reports.getLast().noiseFloor()).isPositive();
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void trafficThatStaysTheSameNeverDrifts(long seed) {
        Traffic traffic = new Traffic(new Random(seed));
        send(traffic, 60, 0);
        releaseLatest(1);
        reports();

        send(traffic, 200, 0);

        assertThat(reports())
                .hasSizeGreaterThan(30)
                .extracting(DriftReport::state)
                .containsOnly(DriftState.STABLE);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void aShiftIsSeenAndARefreshedReleaseEndsIt(long seed) {
        Traffic traffic = new Traffic(new Random(seed));
        send(traffic, 60, 0);
        releaseLatest(1);
        send(traffic, 30, 0);
        reports();

        send(traffic, 40, 0.3);

        List<DriftReport> shifted = reports();
        assertThat(shifted).extracting(DriftReport::state).contains(DriftState.DRIFTED);
        DriftReport last = shifted.getLast();
        assertThat(last.state()).isEqualTo(DriftState.DRIFTED);
        assertThat(last.effect()).isCloseTo(0.3, within(0.08)).isGreaterThan(last.threshold());
        assertThat(last.referenceSubmodel()).isEqualTo("python");
        assertThat(last.referenceVersion()).isEqualTo(1);
        assertThat(last.windowTokens()).isBetween(3_600L, 5_000L);
        assertThat(last.measurements()).extracting(TapDrift::layer).containsExactly(0, 1);

        // Long after, statistics are mostly of the new traffic.
        for (int epoch = 0; epoch < 20; epoch++) {
            sendEpoch(traffic, 20, 0.3);
        }
        releaseLatest(2);
        send(traffic, 20, 0.3);

        assertThat(reports().getLast())
                .matches(report -> report.referenceVersion() == 2, "compares with the new release")
                .matches(report -> report.state() == DriftState.STABLE, "is stable again");
    }

    @Test
    void driftEndsByItselfWhenTheTrafficComesBack() {
        Traffic traffic = new Traffic(new Random(3));
        send(traffic, 60, 0);
        releaseLatest(1);
        send(traffic, 40, 0.3);
        assertThat(reports().getLast().state()).isEqualTo(DriftState.DRIFTED);

        send(traffic, 60, 0);

        assertThat(reports().getLast().state()).isEqualTo(DriftState.STABLE);
    }

    @Test
    void theReferenceIsTheSnapshotThatTheReleaseWasMadeFrom() {
        Traffic traffic = new Traffic(new Random(4));
        send(traffic, 60, 0);
        ActivationStatistics snapshot = latest();
        // Two more epochs pass, of quite different traffic, before the release is announced.
        sendEpoch(traffic, 2, 0.8);
        sendEpoch(traffic, 2, 0.8);
        app.release(Releases.of(GROUP, 1, snapshot, now));
        reports();

        send(traffic, 40, 0);

        assertThat(reports().getLast().effect()).as("as far as noise is").isLessThan(0.12);
    }

    @Test
    void aReleaseAheadOfWhatWasSeenIsWaitedFor() {
        Traffic traffic = new Traffic(new Random(5));
        send(traffic, 60, 0);
        ActivationStatistics ahead = latest();
        app.close();
        app = new StreamsFixture(state.resolve("replay"), SETTINGS);
        now = StreamsFixture.START;
        Traffic again = new Traffic(new Random(5));
        app.release(Releases.of(GROUP, 1, ahead, now));

        send(again, 50, 0);
        assertThat(reports()).extracting(DriftReport::state).containsOnly(DriftState.LEARNING);
        send(again, 20, 0);
        assertThat(reports().getLast().referenceVersion()).isEqualTo(1);
    }

    @Test
    void aRestartAnywhereChangesNothing() {
        List<DriftReport> straight = story(false);
        app.close();
        app = new StreamsFixture(state.resolve("restarted"), SETTINGS);
        now = StreamsFixture.START;

        assertThat(story(true)).isEqualTo(straight).isNotEmpty();
    }

    private List<DriftReport> story(boolean restarting) {
        Traffic traffic = new Traffic(new Random(6));
        List<DriftReport> told = new ArrayList<>();
        for (int chapter = 0; chapter < 24; chapter++) {
            send(traffic, 6, chapter < 14 ? 0 : 0.3);
            if (chapter == 8) {
                releaseLatest(1);
            }
            told.addAll(reports());
            if (restarting && chapter % 3 == 0) {
                app.restart();
            }
        }
        return told;
    }

    @Test
    void layersThatCutDifferentlyOnceAgreeAgain() {
        Traffic traffic = new Traffic(new Random(7));
        send(traffic, 60, 0);
        releaseLatest(1);
        reports();
        // One layer's record of a big flush arrives only after the epoch was published without it.
        List<ActivationNorms> split = traffic.flush(now, 20, 0);
        app.flush(key(0), split.get(0));
        pass();
        send(traffic, 2, 0);
        app.flush(key(1), split.get(1));
        reports();

        send(traffic, 60, 0);

        assertThat(reports())
                .hasSizeGreaterThan(8)
                .extracting(DriftReport::state)
                .containsOnly(DriftState.STABLE);
    }

    /** So many prompts, two to an epoch. */
    private void send(Traffic traffic, int prompts, double shift) {
        for (int sent = 0; sent < prompts; sent += 2) {
            sendEpoch(traffic, 2, shift);
        }
    }

    private void sendEpoch(Traffic traffic, int prompts, double shift) {
        List<ActivationNorms> layers = traffic.flush(now, prompts, shift);
        for (int layer = 0; layer < layers.size(); layer++) {
            app.flush(key(layer), layers.get(layer));
        }
        pass();
    }

    /** Enough time for the epoch to close. */
    private void pass() {
        now = now.plus(EPOCH);
        app.advanceWallClock(EPOCH);
    }

    private static String key(int layer) {
        return GROUP.layer(layer).toString();
    }

    private void releaseLatest(int version) {
        app.release(Releases.of(GROUP, version, latest(), now));
    }

    private ActivationStatistics latest() {
        app.advanceWallClock(EPOCH);
        app.advanceWallClock(EPOCH);
        return app.latestStatistics().get(key(0));
    }

    private List<DriftReport> reports() {
        return app.driftReports().stream().map(entry -> entry.value).toList();
    }
}
