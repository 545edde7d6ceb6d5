package dev.sparsecast.streams.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.sparsecast.schemas.ActivationNorms;
import dev.sparsecast.schemas.ActivationStatistics;
import dev.sparsecast.schemas.FlushDigest;
import dev.sparsecast.streams.StreamsFixture;
import dev.sparsecast.streams.StreamsSettings;
import dev.sparsecast.streams.drift.DriftSettings;
import dev.sparsecast.streams.state.StoreKind;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class RunningStatisticsTest {
    private static final Duration EPOCH = Duration.ofSeconds(10);
    private static final double HALF_LIFE = 1500;
    private static final EpochSettings EPOCHS =
            new EpochSettings(EPOCH, Duration.ofSeconds(2), Duration.ofSeconds(5), Duration.ofSeconds(30), HALF_LIFE);
    private static final StreamsSettings SETTINGS = new StreamsSettings(EPOCHS, DriftSettings.defaults());
    private static final String KEY = Flushes.key(0);

    @TempDir
    private Path state;

    static LongStream seeds() {
        return LongStream.rangeClosed(1, 6);
    }

    @Test
    void anEpochIsPublishedOnlyWhenStreamTimeHasPassedItsEndAndGrace() {
        try (StreamsFixture app = new StreamsFixture(state, SETTINGS)) {
            app.flush(KEY, Flushes.constant("a", at(1), 10, 1));
            app.flush(KEY, Flushes.constant("b", at(11.9), 20, 2));
            assertThat(app.statistics()).isEmpty();

            app.flush(KEY, Flushes.constant("c", at(12), 30, 4));

            ActivationStatistics published = app.latestStatistics().get(KEY);
            assertThat(published.flushDigest()).isEqualTo(digest("a"));
            assertThat(published.flushes()).isEqualTo(1);
            assertThat(published.epoch()).isEqualTo(epochOf(at(1)));
            assertThat(published.lastFlushAt()).isEqualTo(at(1));
            assertThat(published.epochMillis()).isEqualTo(EPOCH.toMillis());
            assertThat(published.lifetime().tokens()).isEqualTo(10);
            assertThat(published.layers()).isEqualTo(Flushes.LAYERS);
        }
    }

    @Test
    void aGroupThatFallsSilentIsPublishedByTheWallClockAndKeepsItsStatistics() {
        try (StreamsFixture app = new StreamsFixture(state, SETTINGS)) {
            app.flush(KEY, Flushes.constant("a", at(1), 10, 1));
            app.advanceWallClock(Duration.ofSeconds(14));
            assertThat(app.statistics()).isEmpty();

            app.advanceWallClock(Duration.ofSeconds(2));
            assertThat(app.latestStatistics().get(KEY).flushDigest()).isEqualTo(digest("a"));

            app.advanceWallClock(Duration.ofHours(5));
            assertThat(app.statistics()).as("nothing new, nothing published").isEmpty();

            app.flush(KEY, Flushes.constant("b", at(20_000), 5, 1));
            app.advanceWallClock(Duration.ofHours(1));
            ActivationStatistics after = app.latestStatistics().get(KEY);
            assertThat(after.lifetime().tokens()).isEqualTo(15);
            assertThat(after.flushDigest()).isEqualTo(digest("a", "b"));
        }
    }

    @Test
    void aLateFlushIsCountedWhereItBelongsAndPublishedAgain() {
        List<ActivationNorms> inTime = List.of(
                Flushes.constant("a", at(1), 100, 1),
                Flushes.constant("late", at(2), 700, 3),
                Flushes.constant("b", at(15), 200, 2));
        try (StreamsFixture app = new StreamsFixture(state, SETTINGS)) {
            app.flush(KEY, inTime.get(0));
            app.flush(KEY, inTime.get(2));
            assertThat(app.latestStatistics().get(KEY).flushDigest()).isEqualTo(digest("a"));
            app.flush(KEY, inTime.get(1));

            app.advanceWallClock(Duration.ofSeconds(26));

            ActivationStatistics last = app.latestStatistics().get(KEY);
            assertThat(last.flushDigest()).isEqualTo(digest("a", "b", "late"));
            assertEqual(last, PlainStatistics.of(inTime, 0, EPOCH.toMillis(), HALF_LIFE), 0);
        }
    }

    @Test
    void aFlushOlderThanTheSealIsCountedAllTheSame() {
        try (StreamsFixture app = new StreamsFixture(state, SETTINGS)) {
            app.flush(KEY, Flushes.constant("a", at(1), 100, 1));
            app.flush(KEY, Flushes.constant("b", at(300), 200, 2));
            app.statistics();

            app.flush(KEY, Flushes.constant("ancient", at(2), 50, 4));
            app.flush(KEY, Flushes.constant("c", at(400), 1, 0));

            ActivationStatistics last = app.latestStatistics().get(KEY);
            assertThat(last.flushDigest()).isEqualTo(digest("a", "b", "ancient"));
            assertThat(last.lifetime().tokens()).isEqualTo(350);
            assertThat(last.lifetime().taps().getFirst().sumSquares()).containsExactly(7, 7);
            assertThat(last.epoch()).as("named after what is contained").isEqualTo(epochOf(at(300)));
            assertThat(app.metric(TooLateFlushes.OPERATION + "-total")).isEqualTo(1);
        }
    }

    @Test
    void catchingUpPublishesEveryClosedEpochInOrder() {
        try (StreamsFixture app = new StreamsFixture(state, SETTINGS)) {
            app.flush(KEY, Flushes.constant("a", at(1), 10, 1));
            app.flush(Flushes.key(1), Flushes.constant("a", at(1), 10, 1));
            app.flush(KEY, Flushes.constant("b", at(11), 10, 1));
            app.flush(KEY, Flushes.constant("c", at(21.5), 10, 1));
            app.statistics();

            app.flush(KEY, Flushes.constant("d", at(5_000), 10, 1));

            assertThat(app.statistics())
                    .extracting(entry -> entry.value.flushDigest())
                    .containsExactly(digest("a", "b"), digest("a", "b", "c"));
        }
    }

    @Test
    void whileNormsComeTheWallClockClosesEpochsOnlyWhenStreamTimeStandsStill() {
        try (StreamsFixture app = new StreamsFixture(state, SETTINGS)) {
            app.advanceWallClock(Duration.ofHours(1)); // all that follows is old, as when catching up
            app.statistics();
            app.flush(KEY, Flushes.constant("a", at(1), 10, 1));
            app.advanceWallClock(Duration.ofSeconds(1));
            assertThat(app.statistics()).as("the epoch is still being read").isEmpty();
            app.flush(KEY, Flushes.constant("b", at(2), 10, 1));
            app.advanceWallClock(EPOCH);
            assertThat(app.latestStatistics().get(KEY).flushDigest()).isEqualTo(digest("a", "b"));

            app.flush(KEY, Flushes.constant("c", at(3), 10, 1));
            app.advanceWallClock(Duration.ofSeconds(1));
            app.advanceWallClock(Duration.ofSeconds(1));
            assertThat(app.latestStatistics().get(KEY).flushDigest())
                    .as("nothing came for a while")
                    .isEqualTo(digest("a", "b", "c"));
        }
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void statisticsEqualAPlainRecomputationWhateverTheOrder(long seed) {
        Random random = new Random(seed);
        List<ActivationNorms> flushes = flushes(random, 60);
        List<ActivationNorms> arriving = disturbed(flushes, random);
        try (StreamsFixture app = new StreamsFixture(state, SETTINGS)) {
            arriving.forEach(flush -> app.flush(KEY, flush));
            app.advanceWallClock(Duration.ofHours(1));

            ActivationStatistics last = app.latestStatistics().get(KEY);
            assertThat(last.flushDigest())
                    .isEqualTo(digest(
                            flushes.stream().map(ActivationNorms::flushId).toArray(String[]::new)));
            for (int tap = 0; tap < 2; tap++) {
                assertEqual(last, PlainStatistics.of(flushes, tap, EPOCH.toMillis(), HALF_LIFE), tap);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void layersFedInDifferentOrdersAgreeOnEveryLabel(long seed) {
        Random random = new Random(seed);
        List<ActivationNorms> flushes = flushes(random, 40);
        List<Map<FlushDigest, ActivationStatistics>> layers = new ArrayList<>();
        for (int layer = 0; layer < Flushes.LAYERS; layer++) {
            // Each layer in a partition of its own: another driver.
            try (StreamsFixture app = new StreamsFixture(state.resolve("p" + layer), SETTINGS)) {
                String key = Flushes.key(layer);
                Map<FlushDigest, ActivationStatistics> published = new java.util.HashMap<>();
                for (ActivationNorms flush : disturbed(flushes, random)) {
                    app.flush(key, flush);
                    if (random.nextInt(10) == 0) {
                        app.advanceWallClock(Duration.ofSeconds(random.nextInt(20)));
                    }
                    app.statistics().forEach(entry -> published.put(entry.value.flushDigest(), entry.value));
                }
                app.advanceWallClock(Duration.ofHours(1));
                app.statistics().forEach(entry -> published.put(entry.value.flushDigest(), entry.value));
                layers.add(published);
            }
        }
        FlushDigest everything =
                digest(flushes.stream().map(ActivationNorms::flushId).toArray(String[]::new));
        for (Map<FlushDigest, ActivationStatistics> layer : layers) {
            assertThat(layer).containsKey(everything);
            layers.getFirst().forEach((digest, first) -> {
                ActivationStatistics other = layer.get(digest);
                if (other != null) {
                    assertThat(other.epoch()).isEqualTo(first.epoch());
                    assertThat(other.flushes()).isEqualTo(first.flushes());
                    assertThat(other.lastFlushAt()).isEqualTo(first.lastFlushAt());
                    assertThat(other.lifetime().tokens())
                            .isEqualTo(first.lifetime().tokens());
                    assertThat(other.decayed().tokens())
                            .isEqualTo(first.decayed().tokens());
                }
            });
        }
    }

    @ParameterizedTest
    @EnumSource
    void bothKindsOfStoresGiveTheSame(StoreKind stores) {
        Random random = new Random(99);
        List<ActivationNorms> flushes = flushes(random, 25);
        try (StreamsFixture app = new StreamsFixture(state, SETTINGS, stores)) {
            disturbed(flushes, random).forEach(flush -> app.flush(KEY, flush));
            app.advanceWallClock(Duration.ofHours(1));

            assertEqual(
                    app.latestStatistics().get(KEY), PlainStatistics.of(flushes, 0, EPOCH.toMillis(), HALF_LIFE), 0);
        }
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void aRestartAnywhereChangesNothing(long seed) {
        Random random = new Random(seed);
        List<ActivationNorms> arriving = disturbed(flushes(random, 40), random);
        List<ActivationStatistics> straight = new ArrayList<>();
        List<ActivationStatistics> restarted = new ArrayList<>();
        try (StreamsFixture app = new StreamsFixture(state.resolve("straight"), SETTINGS)) {
            arriving.forEach(flush -> app.flush(KEY, flush));
            app.advanceWallClock(Duration.ofHours(1));
            app.statistics().forEach(entry -> straight.add(entry.value));
        }
        try (StreamsFixture app = new StreamsFixture(state.resolve("restarted"), SETTINGS)) {
            for (ActivationNorms flush : arriving) {
                app.flush(KEY, flush);
                if (random.nextInt(8) == 0) {
                    app.statistics().forEach(entry -> restarted.add(entry.value));
                    app.restart();
                }
            }
            app.advanceWallClock(Duration.ofHours(1));
            app.statistics().forEach(entry -> restarted.add(entry.value));
        }
        assertThat(restarted).isEqualTo(straight);
    }

    @Test
    void theSameSourcesInManyFlushesCountOnceAndWithoutASketchTheLargestCountStands() {
        try (StreamsFixture app = new StreamsFixture(state, SETTINGS)) {
            app.flush(KEY, Flushes.of("a", at(1), Set.of("alice", "bob")));
            app.flush(KEY, Flushes.of("b", at(12), Set.of("bob", "carol", "")));
            app.advanceWallClock(Duration.ofHours(1));
            assertThat(app.latestStatistics().get(KEY).distinctSources()).isEqualTo(4);

            app.flush(KEY, Flushes.constant("c", at(30), 3 * 9 + 2, 1));
            app.advanceWallClock(Duration.ofHours(1));
            assertThat(app.latestStatistics().get(KEY).distinctSources())
                    .as("a flush of an old worker with three sources adds none that are known to be others")
                    .isEqualTo(4);
        }
    }

    @Test
    void stateOfAnotherEpochLengthIsRefused() {
        try (StreamsFixture app = new StreamsFixture(state, SETTINGS)) {
            app.flush(KEY, Flushes.constant("a", at(1), 10, 1));
            app.restart(new StreamsSettings(EPOCHS.withLength(EPOCH.plusMillis(1)), SETTINGS.drift()));

            org.assertj.core.api.Assertions.assertThatThrownBy(
                            () -> app.flush(KEY, Flushes.constant("b", at(2), 10, 1)))
                    .hasStackTraceContaining("the state was made with epochs of 10000 ms");
        }
    }

    /** Two workers' flushes, each in the order of its own clock, over twelve epochs or so. */
    private static List<ActivationNorms> flushes(Random random, int count) {
        List<ActivationNorms> flushes = new ArrayList<>();
        double seconds = 0;
        for (int i = 0; i < count; i++) {
            seconds += random.nextDouble() * (random.nextInt(12) == 0 ? 25 : 4);
            flushes.add(Flushes.random("flush-" + i, at(seconds), random));
        }
        return flushes;
    }

    /** As seen in a partition: two interleaved sequences, one of them up to 25 s behind. */
    private static List<ActivationNorms> disturbed(List<ActivationNorms> flushes, Random random) {
        record Arrival(double at, ActivationNorms flush) {}
        List<Arrival> arrivals = new ArrayList<>();
        double[] behind = {random.nextDouble() * 3, random.nextDouble() * 25};
        for (int i = 0; i < flushes.size(); i++) {
            double sent = flushes.get(i).flushedAt().toEpochMilli() / 1000.0;
            arrivals.add(new Arrival(sent + behind[i % 2] * random.nextDouble(), flushes.get(i)));
        }
        arrivals.sort(java.util.Comparator.comparingDouble(Arrival::at));
        return arrivals.stream().map(Arrival::flush).toList();
    }

    private static void assertEqual(ActivationStatistics found, PlainStatistics expected, int tap) {
        assertThat(found.lifetime().tokens()).isEqualTo(expected.tokens());
        assertThat(found.decayed().tokens()).isCloseTo(expected.decayedTokens(), within(1e-9 * expected.tokens()));
        assertClose(found.lifetime().taps().get(tap).sumSquares(), expected.lifetime());
        assertClose(found.decayed().taps().get(tap).sumSquares(), expected.decayed());
    }

    private static void assertClose(double[] found, double[] expected) {
        assertThat(found).hasSameSizeAs(expected);
        for (int i = 0; i < found.length; i++) {
            assertThat(found[i]).isCloseTo(expected[i], within(1e-12 * Math.abs(expected[i])));
        }
    }

    private static FlushDigest digest(String... flushIds) {
        return Stream.of(flushIds).reduce(FlushDigest.EMPTY, FlushDigest::plus, FlushDigest::plus);
    }

    private static Instant at(double seconds) {
        return StreamsFixture.START.plusMillis(Math.round(seconds * 1000));
    }

    private static long epochOf(Instant instant) {
        return instant.toEpochMilli() / EPOCH.toMillis();
    }
}
