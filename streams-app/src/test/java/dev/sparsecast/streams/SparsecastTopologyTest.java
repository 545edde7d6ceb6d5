package dev.sparsecast.streams;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsecast.schemas.ActivationNorms;
import dev.sparsecast.schemas.TapNorms;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.serde.SparsecastSerdes;
import dev.sparsecast.streams.state.StoreKind;
import dev.sparsecast.streams.statistics.Flushes;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SparsecastTopologyTest {
    private static final String KEY = Flushes.key(0);
    private static final ActivationNorms GOOD = Flushes.constant("good", StreamsFixture.START, 10, 1);

    @TempDir
    private Path state;

    /** Internal topics are named after what is described here: a change of it needs a reset, or a plan. */
    @Test
    void theTopologyIsAsWrittenDown() throws IOException {
        String described = SparsecastTopology.build(
                        StreamsSettings.defaults(),
                        StoreKind.PERSISTENT,
                        new SparsecastSerdes(new ClusterSettings("none:9092", "mock://golden")))
                .describe()
                .toString();

        try (InputStream golden =
                Objects.requireNonNull(getClass().getResourceAsStream("topology.txt"), "topology.txt")) {
            assertThat(described).isEqualTo(new String(golden.readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    @Test
    void bytesThatAreNoNormsBecomeADeadLetter() {
        try (StreamsFixture app = new StreamsFixture(state, StreamsSettings.defaults())) {
            byte[] truncated = java.util.Arrays.copyOf(app.bytes(GOOD), 20);
            app.raw(KEY, new byte[] {9, 9, 9});
            app.raw(KEY, truncated);
            app.flush(KEY, GOOD);
            app.advanceWallClock(Duration.ofMinutes(5));

            List<TestRecord<String, byte[]>> letters = app.deadLetters();
            assertThat(letters).hasSize(2);
            assertThat(letters.get(0).key()).isEqualTo(KEY);
            assertThat(letters.get(0).value()).containsExactly(9, 9, 9);
            assertThat(letters.get(1).value()).isEqualTo(truncated);
            assertThat(StreamsFixture.header(letters.get(0), "sparsecast.dead-letter.reason"))
                    .isEqualTo("Unknown magic byte!");
            assertThat(StreamsFixture.header(letters.get(0), "sparsecast.dead-letter.topic"))
                    .isEqualTo("activation-norms");
            assertThat(StreamsFixture.header(letters.get(1), "sparsecast.dead-letter.offset"))
                    .isEqualTo("1");
            assertThat(app.latestStatistics().get(KEY).flushes()).isEqualTo(1);
        }
    }

    static Stream<Arguments> nonsense() {
        float[] one = {1};
        return Stream.of(
                bad("a layer that the model lacks", "tiny@0123/python/code/3", norms -> norms, "only 3 layers"),
                bad("no layer in the key", Flushes.GROUP, norms -> norms, "is not of the form"),
                bad("a key of something else", "x", norms -> norms, "not of the form"),
                bad("no tokens", KEY, norms -> with(norms, 0, norms.taps()), "count 0 tokens"),
                bad("no taps", KEY, norms -> with(norms, 10, List.of()), "have no taps"),
                bad(
                        "other channels than before",
                        KEY,
                        norms -> with(norms, 10, List.of(new TapNorms("attention_input", one, one))),
                        "attention_input:1], but those before had [3 layers with attention_input:2]"),
                bad(
                        "another tap than before",
                        KEY,
                        norms -> with(
                                norms, 10, List.of(new TapNorms("mlp_input", new float[] {1, 1}, new float[] {1, 1}))),
                        "have the shape [3 layers with mlp_input:2]"),
                bad(
                        "a tap twice",
                        KEY,
                        norms -> with(
                                norms,
                                10,
                                List.of(norms.taps().getFirst(), norms.taps().getFirst())),
                        "the tap 'attention_input' twice"),
                bad(
                        "squares below zero",
                        KEY,
                        norms -> with(
                                norms,
                                10,
                                List.of(new TapNorms("attention_input", new float[] {1, -1}, new float[] {1, 1}))),
                        "negative sum of squares"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("nonsense")
    void recordsThatMakeNoSenseBecomeDeadLettersAndLeaveNoTrace(
            String what, String key, Function<ActivationNorms, ActivationNorms> spoil, String reason) {
        try (StreamsFixture app = new StreamsFixture(state, StreamsSettings.defaults())) {
            app.flush(KEY, GOOD);
            ActivationNorms bad =
                    spoil.apply(Flushes.constant("bad", StreamsFixture.START.plus(Duration.ofHours(2)), 10, 1));
            app.flush(key, bad);
            assertThat(app.statistics())
                    .as("a rejected record moves no stream time")
                    .isEmpty();
            app.advanceWallClock(Duration.ofHours(3));

            List<TestRecord<String, byte[]>> letters = app.deadLetters();
            assertThat(letters).hasSize(1);
            assertThat(letters.getFirst().key()).isEqualTo(key);
            assertThat(letters.getFirst().value()).isEqualTo(app.bytes(bad));
            assertThat(StreamsFixture.header(letters.getFirst(), "sparsecast.dead-letter.reason"))
                    .contains(reason);
            assertThat(app.latestStatistics())
                    .hasSize(1)
                    .hasEntrySatisfying(
                            KEY, statistics -> assertThat(statistics.flushes()).isEqualTo(1));
        }
    }

    @Test
    void aTombstoneBecomesADeadLetter() {
        try (StreamsFixture app = new StreamsFixture(state, StreamsSettings.defaults())) {
            app.empty(KEY);

            assertThat(app.deadLetters()).hasSize(1);
        }
    }

    @Test
    void aFlushFromTheFutureBecomesADeadLetter() {
        try (StreamsFixture app = new StreamsFixture(state, StreamsSettings.defaults())) {
            app.raw(KEY, app.bytes(Flushes.constant("wild", StreamsFixture.START.plus(Duration.ofDays(400)), 10, 1)));

            assertThat(app.deadLetters())
                    .singleElement()
                    .satisfies(letter -> assertThat(StreamsFixture.header(letter, "sparsecast.dead-letter.reason"))
                            .contains("more than an hour after their record's timestamp"));
        }
    }

    private static Arguments bad(
            String what, String key, Function<ActivationNorms, ActivationNorms> spoil, String reason) {
        return Arguments.of(what, key, spoil, reason);
    }

    private static ActivationNorms with(ActivationNorms norms, long tokens, List<TapNorms> taps) {
        return new ActivationNorms(
                norms.flushId(),
                norms.worker(),
                norms.flushedAt(),
                norms.layers(),
                tokens,
                norms.prompts(),
                norms.distinctSources(),
                taps);
    }
}
