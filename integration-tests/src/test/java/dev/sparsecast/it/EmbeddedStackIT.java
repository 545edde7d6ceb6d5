package dev.sparsecast.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.cli.cluster.TopicSetup;
import dev.sparsecast.cli.stack.EmbeddedStack;
import dev.sparsecast.cli.stack.StackException;
import dev.sparsecast.cli.stack.StackOptions;
import dev.sparsecast.schemas.Prompt;
import dev.sparsecast.schemas.Samples;
import dev.sparsecast.schemas.Topics;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.cluster.TopicCatalogue;
import dev.sparsecast.schemas.serde.SparsecastSerdes;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@ExtendWith(StackExtension.class)
@Timeout(180)
class EmbeddedStackIT {
    private static final int PARTITIONS = 2;

    /** One topic with the serde of its values and a value. */
    private record Wire<T>(String topic, Function<SparsecastSerdes, Serde<T>> serde, T value) {
        @Override
        public String toString() {
            return topic;
        }
    }

    static Stream<Wire<?>> wires() {
        return Stream.of(
                new Wire<>(Topics.prompts("python"), SparsecastSerdes::prompts, Samples.prompt()),
                new Wire<>(Topics.ACTIVATION_NORMS, SparsecastSerdes::activationNorms, Samples.norms()),
                new Wire<>(Topics.ACTIVATION_STATISTICS, SparsecastSerdes::activationStatistics, Samples.statistics()),
                new Wire<>(Topics.ACTIVATION_DRIFT, SparsecastSerdes::driftReports, Samples.drift()),
                new Wire<>(Topics.SUBMODEL_RELEASES, SparsecastSerdes::releases, Samples.release()),
                new Wire<>(Topics.SUBMODEL_DEPLOYMENTS, SparsecastSerdes::deployments, Samples.deployment()));
    }

    @ParameterizedTest
    @MethodSource("wires")
    <T> void carriesEveryRecordThroughTheRegistry(Wire<T> wire, ClusterSettings cluster) throws Exception {
        createTopics(cluster);

        try (Serde<T> serde = wire.serde().apply(new SparsecastSerdes(cluster))) {
            send(cluster, wire, serde);

            List<T> received = read(cluster, wire.topic(), serde.deserializer());
            assertThat(received).isNotEmpty();
            // Values with arrays in them are equal when they serialize to the same bytes.
            assertThat(serde.serializer().serialize(wire.topic(), received.getLast()))
                    .isEqualTo(serde.serializer().serialize(wire.topic(), wire.value()));
        }
        assertThat(Registry.subjects(cluster.schemaRegistryUrl())).contains('"' + wire.topic() + "-value\"");
    }

    @Test
    void createsTopicsOnceAndTellsWhereTheyDiffer(ClusterSettings cluster) {
        createTopics(cluster);

        try (Admin admin = Admin.create(cluster.client(Map.of()))) {
            TopicSetup.Outcome again =
                    TopicSetup.create(admin, TopicCatalogue.topics(List.of("python"), PARTITIONS), Optional.empty());
            assertThat(again.created()).isEmpty();
            assertThat(again.existing()).contains(Topics.prompts("python"), Topics.SUBMODEL_RELEASES);
            assertThat(again.differences()).isEmpty();

            TopicSetup.Outcome other =
                    TopicSetup.create(admin, TopicCatalogue.topics(List.of("python"), 5), Optional.empty());
            assertThat(other.differences())
                    .contains(new TopicSetup.Difference(Topics.ACTIVATION_NORMS, "partitions", "5", "2"));
        }
    }

    @Test
    void showsCommittedTransactionsOnly(ClusterSettings cluster) throws Exception {
        String topic = Topics.prompts("transactions");
        createTopics(cluster, "transactions");

        try (Serde<Prompt> serde = new SparsecastSerdes(cluster).prompts();
                KafkaProducer<String, Prompt> producer = new KafkaProducer<>(
                        cluster.client(Map.of("transactional.id", "stack-it")),
                        new StringSerializer(),
                        serde.serializer())) {
            producer.initTransactions();
            producer.beginTransaction();
            producer.send(new ProducerRecord<>(topic, 0, "aborted", prompt("aborted")))
                    .get();
            producer.abortTransaction();
            producer.beginTransaction();
            producer.send(new ProducerRecord<>(topic, 0, "committed", prompt("committed")))
                    .get();
            producer.commitTransaction();

            assertThat(read(cluster, topic, serde.deserializer())).containsExactly(prompt("committed"));
        }
    }

    @Test
    void refusesASchemaThatBreaksReadersOfOldRecords(ClusterSettings cluster) throws Exception {
        String url = cluster.schemaRegistryUrl();
        Registry.requireBackwardCompatibility(url);

        assertThat(Registry.register(url, "stack-it-value")).isEqualTo(200);
        assertThat(Registry.register(url, "stack-it-value", "{\"name\":\"a\",\"type\":\"int\"}"))
                .isEqualTo(409);
    }

    /** As services do that start together on a new cluster. */
    @Test
    void takesANewSchemaFromManyWhoBringItAtOnce(ClusterSettings cluster) throws Exception {
        int clients = 8;
        CyclicBarrier barrier = new CyclicBarrier(clients);
        try (ExecutorService threads = Executors.newFixedThreadPool(clients)) {
            List<Future<byte[]>> written = new ArrayList<>();
            for (int client = 0; client < clients; client++) {
                written.add(threads.submit(() -> {
                    try (Serde<Prompt> serde = new SparsecastSerdes(cluster).prompts()) {
                        barrier.await();
                        return serde.serializer().serialize(Topics.prompts("at-once"), Samples.prompt());
                    }
                }));
            }
            byte[] first = written.getFirst().get();
            for (Future<byte[]> other : written) {
                assertThat(other.get()).isEqualTo(first);
            }
        }
    }

    @Test
    void keepsTopicsRecordsAndSchemaIdsInItsDataDirectory(@TempDir Path data) throws Exception {
        String topic = Topics.prompts("python");
        String clusterId;
        String schema;
        try (EmbeddedStack stack = EmbeddedStack.start(StackOptions.in(data))) {
            ClusterSettings cluster = StackExtension.settings(stack);
            createTopics(cluster);
            for (Wire<?> wire : wires().toList()) {
                sendOne(cluster, wire);
            }
            clusterId = stack.clusterId();
            schema = Registry.latest(stack.schemaRegistryUrl(), topic + "-value");
        }

        try (EmbeddedStack stack = EmbeddedStack.start(StackOptions.in(data));
                Serde<Prompt> serde = new SparsecastSerdes(StackExtension.settings(stack)).prompts()) {
            assertThat(stack.clusterId()).isEqualTo(clusterId);
            assertThat(Registry.latest(stack.schemaRegistryUrl(), topic + "-value"))
                    .isEqualTo(schema);
            assertThat(read(StackExtension.settings(stack), topic, serde.deserializer()))
                    .containsExactly(Samples.prompt());
        }
    }

    @Test
    void letsNoSecondStackIntoItsDataDirectory(@TempDir Path data) {
        try (EmbeddedStack stack = EmbeddedStack.start(StackOptions.in(data))) {
            assertThat(stack.data().isTemporary()).isFalse();

            assertThatThrownBy(() -> EmbeddedStack.start(StackOptions.in(data)))
                    .isInstanceOfSatisfying(
                            StackException.class,
                            e -> assertThat(e.reason()).isEqualTo(StackException.Reason.BAD_INPUT))
                    .hasMessageContaining("in use by another embedded stack");
        }
    }

    @Test
    void deletesItsTemporaryDirectoryAndEndsTheRegistry() {
        Path directory;
        EmbeddedStack stack = EmbeddedStack.start(StackOptions.temporary());
        try (stack) {
            directory = stack.data().root();
            assertThat(directory).isDirectory();
        }

        assertThat(Files.exists(directory)).isFalse();
        assertThat(stack.registryEnded()).succeedsWithin(Duration.ofSeconds(10));
    }

    private static void createTopics(ClusterSettings cluster) {
        createTopics(cluster, "python");
    }

    private static void createTopics(ClusterSettings cluster, String language) {
        try (Admin admin = Admin.create(cluster.client(Map.of()))) {
            TopicSetup.create(admin, TopicCatalogue.topics(List.of(language), PARTITIONS), Optional.empty());
        }
    }

    private static <T> void sendOne(ClusterSettings cluster, Wire<T> wire) throws Exception {
        try (Serde<T> serde = wire.serde().apply(new SparsecastSerdes(cluster))) {
            send(cluster, wire, serde);
        }
    }

    private static <T> void send(ClusterSettings cluster, Wire<T> wire, Serde<T> serde) throws Exception {
        try (KafkaProducer<String, T> producer =
                new KafkaProducer<>(cluster.client(Map.of()), new StringSerializer(), serde.serializer())) {
            producer.send(new ProducerRecord<>(wire.topic(), 0, "key", wire.value()))
                    .get();
        }
    }

    /** All values of the first partition, up to where it ends for a reader of committed records. */
    private static <T> List<T> read(ClusterSettings cluster, String topic, Deserializer<T> values) {
        TopicPartition partition = new TopicPartition(topic, 0);
        try (KafkaConsumer<String, T> consumer = new KafkaConsumer<>(
                cluster.client(Map.of("isolation.level", "read_committed")), new StringDeserializer(), values)) {
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long end = consumer.endOffsets(Set.of(partition)).get(partition);
            List<T> read = new ArrayList<>();
            while (consumer.position(partition) < end) {
                consumer.poll(Duration.ofMillis(200)).forEach(message -> read.add(message.value()));
            }
            return read;
        }
    }

    private static Prompt prompt(String id) {
        return new Prompt(id, "transactions", "code", "text of " + id, "it", Map.of());
    }
}
