package dev.sparsecast.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import dev.sparsecast.cli.cluster.TopicSetup;
import dev.sparsecast.cli.deadletters.Letter;
import dev.sparsecast.cli.deadletters.LetterBox;
import dev.sparsecast.cli.deadletters.LetterText;
import dev.sparsecast.cli.service.ProbeServer;
import dev.sparsecast.cli.stack.EmbeddedStack;
import dev.sparsecast.cli.stack.StackOptions;
import dev.sparsecast.schemas.ActivationNorms;
import dev.sparsecast.schemas.GroupKey;
import dev.sparsecast.schemas.SourceSketch;
import dev.sparsecast.schemas.TapNorms;
import dev.sparsecast.schemas.Topics;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.cluster.TopicCatalogue;
import dev.sparsecast.schemas.serde.SparsecastSerdes;
import dev.sparsecast.streams.ApplicationReset;
import dev.sparsecast.streams.InstanceSettings;
import dev.sparsecast.streams.StreamsApplication;
import dev.sparsecast.streams.StreamsException;
import dev.sparsecast.streams.StreamsSettings;
import dev.sparsecast.streams.drift.DriftSettings;
import dev.sparsecast.streams.query.StatisticsApi;
import dev.sparsecast.streams.statistics.EpochSettings;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Two instances of the streams app and what an operator does with them, on a broker and a registry of their own. */
@Timeout(180)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class StreamsOperationsIT {
    private static final GroupKey PYTHON = new GroupKey("tiny@0123", "python", "code");
    private static final GroupKey JAVA = new GroupKey("tiny@0123", "java", "code");
    private static final int LAYERS = 8;
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    @TempDir
    static Path directory;

    private final EmbeddedStack stack = EmbeddedStack.start(StackOptions.temporary());
    private final ClusterSettings cluster = StackExtension.settings(stack);

    @BeforeAll
    void createTopicsAndSendNorms() throws Exception {
        createTopics();
        send(PYTHON, 100, 4, "alice", "bob");
        send(JAVA, 300, 9, "bob", "carol");
    }

    @AfterAll
    void stop() {
        stack.close();
    }

    @Test
    @Order(1)
    void anyInstanceAnswersForAllAndTheOneThatHoldsTheKeyIsAsked() throws Exception {
        try (Instance first = new Instance("first");
                Instance second = new Instance("second");
                Instance third = new Instance("third");
                Instance fourth = new Instance("fourth")) {
            List<Instance> instances = List.of(first, second, third, fourth); // more than partitions: one holds none
            for (Instance instance : instances) {
                await().atMost(Duration.ofSeconds(90)).until(() -> isComplete(instance));
            }

            for (Instance instance : instances) {
                for (int layer = 0; layer < LAYERS; layer++) {
                    JsonNode found = get(instance, "groups/" + PYTHON + "/layers/" + layer + "?channels=true");
                    assertThat(found.get("lifetime").get("tokens").asDouble()).isEqualTo(100);
                    assertThat(found.get("distinctSources").asLong()).isEqualTo(2);
                    JsonNode tap = found.get("lifetime").get("taps").get(0);
                    assertThat(tap.get("rms").get(0).asDouble()).isCloseTo(0.2, within(1e-9));
                    assertThat(tap.get("mean").get(0).asDouble()).isCloseTo(0.1, within(1e-9));
                    assertThat(tap.get("variance").get(0).asDouble()).isCloseTo(0.03, within(1e-9));
                }
                JsonNode mixed = get(instance, "mixtures?groups=" + PYTHON + ":3," + JAVA + "&layer=5");
                assertThat(mixed.get("lifetime").get("tokens").asDouble()).isEqualTo(600);
                assertThat(mixed.get("lifetime")
                                .get("taps")
                                .get(0)
                                .get("meanRms")
                                .asDouble())
                        .isCloseTo(Math.sqrt((3 * 4 + 9) / 600.0), within(1e-9));
                assertThat(get(instance, "topology").get("topology").asString()).contains("running-statistics");
                assertThat(status(instance, "groups/" + PYTHON + "/layers/99")).isEqualTo(404);
                assertThat(status(instance, "groups/" + PYTHON + "/drift")).isEqualTo(404);
                assertThat(status(instance, "groups/nonsense/layers/1")).isEqualTo(404);
                assertThat(status(instance, "mixtures?layer=1")).isEqualTo(400);
                assertThat(status(instance, "mixtures?layer=1&groups=" + PYTHON + ":-1"))
                        .isEqualTo(400);
            }
            everyPathOfTheDescriptionIsThere(first);
            assertThat(text(first, "/metrics")).contains("kafka_stream_").contains("rocksdb");
            assertThatThrownBy(() -> reset(false)).isInstanceOf(StreamsException.class);
        }
    }

    private void everyPathOfTheDescriptionIsThere(Instance instance) throws Exception {
        for (String path : get(instance, "openapi.json").get("paths").propertyNames()) {
            String filled = path.replace("{model}/{language}/{domain}", PYTHON.toString())
                    .replace("{layer}", "0")
                    .replace(StatisticsApi.PREFIX, "");
            String query = path.endsWith("mixtures") ? "?layer=0&groups=" + PYTHON : "";
            assertThat(status(instance, filled + query)).as(path).isEqualTo(path.endsWith("drift") ? 404 : 200);
        }
    }

    /** As a process leaves it that is killed while RocksDB makes a store. */
    @Test
    @Order(2)
    void storesThatCannotBeOpenedAreDeletedAndRestored() throws Exception {
        Path store = directory.resolve(
                "fifth/" + InstanceSettings.DEFAULT_APPLICATION_ID + "/0_0/rocksdb/statistics-totals");
        Files.createDirectories(store);
        Files.writeString(store.resolve("CURRENT"), "");
        try (Instance fifth = new Instance("fifth")) {
            await().atMost(Duration.ofSeconds(90)).until(() -> isComplete(fifth));
        }
    }

    @Test
    @Order(3)
    void deadLettersAreListedShownAndReplayedOnce() throws Exception {
        LetterBox box = new LetterBox(cluster);
        String topic = Topics.deadLetters(Topics.ACTIVATION_NORMS);
        try (var serde = new SparsecastSerdes(cluster).activationNorms();
                KafkaProducer<String, byte[]> producer = producer()) {
            byte[] good = serde.serializer().serialize(Topics.ACTIVATION_NORMS, norms("late", 50, 1, List.of("dora")));
            producer.send(new ProducerRecord<>(
                    Topics.ACTIVATION_NORMS, PYTHON.layer(0).toString(), good));
            producer.send(new ProducerRecord<>(topic, PYTHON.layer(1).toString(), good));
            producer.send(new ProducerRecord<>(topic, PYTHON.layer(2).toString(), new byte[] {1, 2, 3}));
        }
        assertThat(box.topics()).contains(topic, Topics.deadLetters(Topics.prompts("python")));
        assertThat(box.content(topic).waiting()).isEqualTo(2);
        List<Letter> letters = box.letters(topic, 10);
        LetterText text = new LetterText(cluster);
        assertThat(letters).map(text::of).anyMatch(shown -> shown.contains("flushId=late"));
        assertThat(letters).map(text::of).anyMatch(shown -> shown.contains("3 bytes: 01 02 03"));

        long before = TopicContents.count(cluster, Topics.ACTIVATION_NORMS);
        assertThat(box.replay(topic, Long.MAX_VALUE)).isEqualTo(new LetterBox.Replayed(topic, 2, 0));
        assertThat(box.replay(topic, Long.MAX_VALUE)).isEqualTo(new LetterBox.Replayed(topic, 0, 0));
        assertThat(TopicContents.count(cluster, Topics.ACTIVATION_NORMS)).isEqualTo(before + 2);
        assertThat(box.content(topic).waiting()).isZero();
    }

    /** Reprocessing from the beginning gives the same statistics. */
    @Test
    @Order(4)
    void aResetCountsEverythingAnewAndCleanDeletesWhatWasPublished() throws Exception {
        ApplicationReset.Outcome reset = reset(false);
        assertThat(reset.topics()).isNotEmpty().allMatch(topic -> topic.startsWith("sparsecast-streams-"));
        assertThat(reset.group()).isEqualTo("sparsecast-streams");
        try (Instance again = new Instance("first")) {
            await().atMost(Duration.ofSeconds(90)).until(() -> isComplete(again));
            assertThat(get(again, "groups/" + JAVA + "/layers/3")
                            .get("lifetime")
                            .get("tokens")
                            .asDouble())
                    .isEqualTo(300);
        }
        assertThat(reset(true).topics()).contains(Topics.ACTIVATION_STATISTICS, Topics.ACTIVATION_DRIFT);
    }

    private ApplicationReset.Outcome reset(boolean outputs) {
        return ApplicationReset.run(
                cluster, InstanceSettings.DEFAULT_APPLICATION_ID, directory.resolve("first"), outputs);
    }

    private static boolean isComplete(Instance instance) throws Exception {
        if (status(instance, "groups") != 200) {
            return false;
        }
        JsonNode groups = get(instance, "groups").get("groups");
        return groups.size() == 2
                && groups.valueStream().allMatch(group -> group.get("tokens").asLong() > 0);
    }

    private void createTopics() {
        try (Admin admin = Admin.create(cluster.client(Map.of()))) {
            TopicSetup.create(admin, TopicCatalogue.topics(List.of("python", "java"), 3), Optional.empty());
        }
    }

    private void send(GroupKey group, long tokens, float sumSquares, String... sources) throws Exception {
        try (var serde = new SparsecastSerdes(cluster).activationNorms();
                KafkaProducer<String, byte[]> producer = producer()) {
            for (int layer = 0; layer < LAYERS; layer++) {
                byte[] value = serde.serializer()
                        .serialize(
                                Topics.ACTIVATION_NORMS, norms(group.language(), tokens, sumSquares, List.of(sources)));
                producer.send(new ProducerRecord<>(
                                Topics.ACTIVATION_NORMS, group.layer(layer).toString(), value))
                        .get();
            }
        }
    }

    private static ActivationNorms norms(String flush, long tokens, float sumSquares, List<String> sources) {
        return new ActivationNorms(
                flush,
                "worker",
                Instant.now(),
                LAYERS,
                tokens,
                4,
                sources.size(),
                SourceSketch.of(sources),
                List.of(new TapNorms("attention_input", new float[] {sumSquares}, new float[] {tokens / 10f})));
    }

    private KafkaProducer<String, byte[]> producer() {
        return new KafkaProducer<>(cluster.client(Map.of()), new StringSerializer(), new ByteArraySerializer());
    }

    private static int status(Instance instance, String path) throws Exception {
        return send(instance, StatisticsApi.PREFIX + path).statusCode();
    }

    private static JsonNode get(Instance instance, String path) throws Exception {
        return JsonMapper.shared().readTree(text(instance, StatisticsApi.PREFIX + path));
    }

    private static String text(Instance instance, String path) throws Exception {
        HttpResponse<String> response = send(instance, path);
        assertThat(response.statusCode()).as("%s: %s", path, response.body()).isEqualTo(200);
        return response.body();
    }

    private static HttpResponse<String> send(Instance instance, String path) throws Exception {
        HttpResponse<String> response = HTTP.send(
                HttpRequest.newBuilder(URI.create("http://localhost:" + instance.server.port() + path))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        assertThat(response.headers().firstValue("Retry-After").isPresent()).isEqualTo(response.statusCode() == 503);
        return response;
    }

    /** An instance with its HTTP port, as the command starts it. */
    private final class Instance implements AutoCloseable {
        private final ProbeServer server = ProbeServer.start(0);
        private final StreamsApplication application;

        Instance(String name) {
            EpochSettings epochs = EpochSettings.defaults().withLength(Duration.ofSeconds(1));
            application = StreamsApplication.start(
                    new StreamsSettings(epochs, DriftSettings.small()),
                    InstanceSettings.of(directory.resolve(name), name).withAddress("localhost:" + server.port()),
                    cluster,
                    server.registry());
            server.onGet(StatisticsApi.PREFIX, application.api()::get);
        }

        @Override
        public void close() {
            application.leave();
            server.close();
        }
    }
}
