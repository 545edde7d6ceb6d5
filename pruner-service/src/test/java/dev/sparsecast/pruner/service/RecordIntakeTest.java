package dev.sparsecast.pruner.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.checkpoint.ModelConfig;
import dev.sparsecast.pruner.snapshot.SnapshotAssembler;
import dev.sparsecast.pruner.snapshot.SnapshotContent;
import dev.sparsecast.pruner.snapshot.TestStatistics;
import dev.sparsecast.pruner.specification.SubModelSpecification;
import dev.sparsecast.pruner.specification.SubModelSpecification.Gate;
import dev.sparsecast.pruner.specification.SubModelSpecification.Group;
import dev.sparsecast.pruner.specification.SubModelSpecification.Refresh;
import dev.sparsecast.schemas.GroupKey;
import dev.sparsecast.schemas.Prompt;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.PruningRecipe;
import dev.sparsecast.schemas.SubModelRelease.Quality;
import dev.sparsecast.schemas.SubModelRelease.Signature;
import dev.sparsecast.schemas.SubModelRelease.Trigger;
import dev.sparsecast.schemas.Topics;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.serde.SparsecastSerdes;
import dev.sparsecast.schemas.signing.SigningKey;
import dev.sparsecast.wanda.PruningParameters;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class RecordIntakeTest {
    private static final ModelConfig CONFIG = TestStatistics.config(2);
    private static final String BASE = "sha256:00";
    private static final SigningKey KEY = SigningKey.generate();
    private static final SigningKey OTHER_KEY = SigningKey.generate();
    private static final SubModelSpecification SPECIFICATION = new SubModelSpecification(
            "python",
            List.of(new Group("python", "code", 1)),
            PruningParameters.parse("wanda", "unstructured", OptionalDouble.of(0.5)),
            Refresh.defaults(),
            new Gate(8, 1, 2, 1),
            Set.of());

    private final FakeTopics topics = new FakeTopics()
            .existing(Topics.deadLetters(Topics.ACTIVATION_STATISTICS))
            .existing(Topics.deadLetters(Topics.SUBMODEL_RELEASES));
    private final MockProducer<byte[], byte[]> letters =
            new MockProducer<>(true, null, new ByteArraySerializer(), new ByteArraySerializer());
    private final Knowledge knowledge =
            new Knowledge(TestStatistics.MODEL, new SnapshotAssembler(CONFIG, Clock.systemUTC()));

    private RecordIntake intake(SparsecastSerdes serdes, RecordSource source) {
        return new RecordIntake(
                TestStatistics.MODEL,
                BASE,
                List.of(KEY.verifyingKey()),
                serdes,
                knowledge,
                new DeadLetters(() -> letters, source::hasTopic),
                new PrunerMetrics(new SimpleMeterRegistry(), TestStatistics.MODEL));
    }

    private void takeAll(boolean isNew) {
        RecordSource source = topics.read();
        try (RecordIntake intake = intake(FakeTopics.SERDES, source)) {
            while (!source.isCaughtUp()) {
                source.poll(Duration.ZERO).forEach(record -> intake.take(record, isNew));
            }
        }
    }

    private boolean hasSnapshot() {
        return !knowledge.situation(SPECIFICATION, Instant.EPOCH).snapshots().isEmpty();
    }

    private static SubModelRelease release(String model, String base, int version) {
        return new SubModelRelease(
                model,
                "python",
                version,
                OptionalInt.empty(),
                base,
                Trigger.FIRST,
                new PruningRecipe("wanda", "unstructured", 0.5, "sha256:11", 5000),
                List.of(),
                new Quality(8, 100, 10, 12, OptionalDouble.empty()),
                List.of(),
                Instant.EPOCH,
                Instant.EPOCH,
                "",
                Signature.NONE);
    }

    private static SubModelRelease release(int version) {
        return KEY.sign(release(TestStatistics.MODEL, BASE, version));
    }

    @Test
    void learnsFromEveryTopic() {
        SnapshotContent content = TestStatistics.content(CONFIG, 4);
        for (int layer = 0; layer < 2; layer++) {
            topics.with(
                    TestStatistics.PYTHON.layer(layer),
                    TestStatistics.of(CONFIG, TestStatistics.PYTHON, layer, content));
        }
        List<Prompt> prompts = Stream.iterate(0, i -> i + 1)
                .map(i -> new Prompt("p" + i, "python", "code", "text", "", Map.of()))
                .limit(40)
                .toList();
        topics.with(prompts).with(release(2)).with(release(1));
        takeAll(true);
        assertThat(hasSnapshot()).isTrue();
        assertThat(knowledge.release("python")).contains(release(2));
        assertThat(knowledge.heldOut(SPECIFICATION)).isNotEmpty();
        assertThat(letters.history()).isEmpty();
    }

    @Test
    void passesOverRecordsOfOtherModels() {
        GroupKey other = new GroupKey("tiny@ffffffffffff", "python", "code");
        for (int layer = 0; layer < 2; layer++) {
            topics.with(other.layer(layer), TestStatistics.of(CONFIG, other, layer, TestStatistics.content(CONFIG, 4)));
        }
        topics.with(KEY.sign(release(other.model(), "sha256:ff", 7)));
        takeAll(true);
        assertThat(hasSnapshot()).isFalse();
        assertThat(knowledge.release("python")).isEmpty();
        assertThat(letters.history()).isEmpty();
    }

    static Stream<Arguments> nonsense() {
        byte[] noise = {1, 2, 3};
        String statistics = Topics.ACTIVATION_STATISTICS;
        String releases = Topics.SUBMODEL_RELEASES;
        String layerKey = TestStatistics.PYTHON.layer(0).toString();
        byte[] ofOneLayerMore = FakeTopics.SERDES
                .activationStatistics()
                .serializer()
                .serialize(
                        statistics,
                        TestStatistics.of(
                                TestStatistics.config(3),
                                TestStatistics.PYTHON,
                                0,
                                TestStatistics.content(TestStatistics.config(3), 1)));
        SubModelRelease forged = KEY.sign(release(TestStatistics.MODEL, BASE, 3))
                .signed(KEY.verifyingKey().id(), OTHER_KEY.sign(release(9)).signature());
        return Stream.of(
                Arguments.of("no Avro", statistics, layerKey, noise),
                Arguments.of("nothing", statistics, layerKey, new byte[0]),
                Arguments.of("a key without a layer", statistics, TestStatistics.PYTHON.toString(), noise),
                Arguments.of("no key", statistics, null, noise),
                Arguments.of("statistics of another shape", statistics, layerKey, ofOneLayerMore),
                Arguments.of("another kind of record", releases, TestStatistics.MODEL + "/python", ofOneLayerMore),
                Arguments.of(
                        "a release under a foreign key",
                        releases,
                        TestStatistics.MODEL + "/java",
                        serialized(release(3))),
                Arguments.of(
                        "a release for another base",
                        releases,
                        TestStatistics.MODEL + "/python",
                        serialized(KEY.sign(release(TestStatistics.MODEL, "sha256:ff", 3)))),
                Arguments.of(
                        "a stranger's release",
                        releases,
                        TestStatistics.MODEL + "/python",
                        serialized(OTHER_KEY.sign(release(3)))),
                Arguments.of("a forged release", releases, TestStatistics.MODEL + "/python", serialized(forged)));
    }

    private static byte[] serialized(SubModelRelease release) {
        return FakeTopics.SERDES.releases().serializer().serialize(Topics.SUBMODEL_RELEASES, release);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("nonsense")
    void makesADeadLetterOfWhatMakesNoSense(String what, String topic, String key, byte[] value) {
        topics.bytes(topic, key, value).with(release(1));
        takeAll(true);
        assertThat(knowledge.release("python")).contains(release(1));
        assertThat(hasSnapshot()).isFalse();
        assertThat(letters.history()).singleElement().satisfies(letter -> {
            assertThat(letter.topic()).isEqualTo(Topics.deadLetters(topic));
            assertThat(letter.value()).isEqualTo(value);
            assertThat(letter.key()).isEqualTo(key == null ? null : key.getBytes(StandardCharsets.UTF_8));
            assertThat(header(letter, DeadLetters.TOPIC)).isEqualTo(topic);
            assertThat(header(letter, DeadLetters.PARTITION)).isEqualTo("0");
            assertThat(header(letter, DeadLetters.OFFSET)).isEqualTo("0");
            assertThat(header(letter, DeadLetters.REASON)).isNotBlank();
        });
    }

    private static String header(ProducerRecord<byte[], byte[]> letter, String name) {
        return new String(letter.headers().lastHeader(name).value(), StandardCharsets.UTF_8);
    }

    @Test
    void writesNoDeadLetterOfWhatWasThereBeforeTheStart() {
        topics.bytes(Topics.SUBMODEL_RELEASES, "x", new byte[] {1});
        takeAll(false);
        assertThat(letters.history()).isEmpty();
    }

    @Test
    void writesNoDeadLetterWhereThereIsNoTopicForIt() {
        topics.bytes(Topics.ACTIVATION_DRIFT, "x", new byte[] {1});
        takeAll(true);
        assertThat(letters.history()).isEmpty();
    }

    @Test
    void leavesPromptsThatCannotBeReadToTheWorkersAndTombstonesAlone() {
        topics.bytes(Topics.prompts("python"), "p", new byte[] {1})
                .bytes(Topics.SUBMODEL_RELEASES, TestStatistics.MODEL + "/python", null)
                .existing(Topics.deadLetters(Topics.prompts("python")));
        assertThatCode(() -> takeAll(true)).doesNotThrowAnyException();
        assertThat(letters.history()).isEmpty();
    }

    /** A registry that is down says nothing of the record. */
    @Test
    void doesNotBlameTheRecordForARegistryThatDoesNotAnswer() {
        SparsecastSerdes deaf = new SparsecastSerdes(new ClusterSettings("nowhere:1", "http://127.0.0.1:1"));
        topics.with(release(1));
        RecordSource source = topics.read();
        ConsumerRecord<byte[], byte[]> record =
                source.poll(Duration.ZERO).iterator().next();
        try (RecordIntake intake = intake(deaf, source)) {
            assertThatThrownBy(() -> intake.take(record, true)).isInstanceOf(RegistryOutage.class);
        }
        assertThat(letters.history()).isEmpty();
    }
}
