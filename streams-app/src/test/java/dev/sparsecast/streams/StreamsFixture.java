package dev.sparsecast.streams;

import dev.sparsecast.schemas.ActivationNorms;
import dev.sparsecast.schemas.ActivationStatistics;
import dev.sparsecast.schemas.DriftReport;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.Topics;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.serde.SparsecastSerdes;
import dev.sparsecast.streams.state.StoreKind;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.test.TestRecord;

/** The topology in Kafka's test driver, with the settings that the app runs it with. */
public final class StreamsFixture implements AutoCloseable {
    /** Where the wall clock of the driver starts: a multiple of every epoch length used in tests. */
    public static final Instant START = Instant.parse("2026-03-01T00:00:00Z");

    private final Path stateDirectory;
    private final StoreKind stores;
    private StreamsSettings settings;
    private Instant wallClock = START;
    private final SparsecastSerdes serdes =
            new SparsecastSerdes(new ClusterSettings("none:9092", "mock://streams-fixture"));
    private final Serde<ActivationNorms> norms = serdes.activationNorms();
    private final List<Serde<?>> open = new ArrayList<>();
    private TopologyTestDriver driver;

    /** With stores in memory: the driver commits after every record, which takes RocksDB milliseconds. */
    public StreamsFixture(Path stateDirectory, StreamsSettings settings) {
        this(stateDirectory, settings, StoreKind.IN_MEMORY);
    }

    public StreamsFixture(Path stateDirectory, StreamsSettings settings, StoreKind stores) {
        this.stores = stores;
        this.stateDirectory = stateDirectory;
        this.settings = settings;
        this.driver = start();
    }

    private TopologyTestDriver start() {
        Properties properties = new Properties();
        properties.putAll(InstanceSettings.of(stateDirectory, "test").topologySettings());
        properties.put("bootstrap.servers", "none:9092");
        // The driver has no transactions; told to use them, it loses dead letters of records that it could not decode.
        properties.put("processing.guarantee", "at_least_once");
        return new TopologyTestDriver(SparsecastTopology.build(settings, stores, serdes), properties, wallClock);
    }

    public void flush(String key, ActivationNorms value) {
        input(Topics.ACTIVATION_NORMS, norms).pipeInput(key, value, value.flushedAt());
    }

    public void raw(String key, byte[] value) {
        driver.createInputTopic(Topics.ACTIVATION_NORMS, new StringSerializer(), new ByteArraySerializer())
                .pipeInput(key, value, START);
    }

    public void empty(String key) {
        input(Topics.ACTIVATION_NORMS, norms).pipeInput(new TestRecord<>(key, null, START));
    }

    public void release(SubModelRelease release) {
        input(Topics.SUBMODEL_RELEASES, serdes.releases())
                .pipeInput(release.key().toString(), release, release.releasedAt());
    }

    public void advanceWallClock(Duration by) {
        wallClock = wallClock.plus(by);
        driver.advanceWallClockTime(by);
    }

    /** Everything published since the last call, in order. */
    public List<KeyValue<String, ActivationStatistics>> statistics() {
        return output(Topics.ACTIVATION_STATISTICS, serdes.activationStatistics())
                .readKeyValuesToList();
    }

    /** The last statistics of each key among those published since the last call. */
    public Map<String, ActivationStatistics> latestStatistics() {
        Map<String, ActivationStatistics> latest = new TreeMap<>();
        statistics().forEach(entry -> latest.put(entry.key, entry.value));
        return latest;
    }

    public List<KeyValue<String, DriftReport>> driftReports() {
        return output(Topics.ACTIVATION_DRIFT, serdes.driftReports()).readKeyValuesToList();
    }

    /** The value of a metric of that name, added up over its tags. */
    public double metric(String name) {
        return driver.metrics().entrySet().stream()
                .filter(entry -> entry.getKey().name().equals(name))
                .mapToDouble(entry -> ((Number) entry.getValue().metricValue()).doubleValue())
                .sum();
    }

    public List<TestRecord<String, byte[]>> deadLetters() {
        return driver.createOutputTopic(
                        Topics.deadLetters(Topics.ACTIVATION_NORMS),
                        new StringDeserializer(),
                        new ByteArrayDeserializer())
                .readRecordsToList();
    }

    public static String header(TestRecord<String, byte[]> letter, String name) {
        return new String(letter.headers().lastHeader(name).value(), StandardCharsets.UTF_8);
    }

    public byte[] bytes(ActivationNorms value) {
        return norms.serializer().serialize(Topics.ACTIVATION_NORMS, value);
    }

    /**
     * Closes the driver and starts another, with the same stores: as when an instance ends and another takes its place
     * with what the changelogs hold. The driver itself deletes its state when it closes.
     */
    public void restart() {
        Map<String, List<KeyValue<Object, Object>>> saved = new TreeMap<>();
        driver.getAllStateStores().keySet().forEach(name -> saved.put(name, entries(store(name))));
        driver.close();
        driver = start();
        saved.forEach((name, entries) -> store(name).putAll(entries));
    }

    /** The same with other settings. */
    public void restart(StreamsSettings others) {
        settings = others;
        restart();
    }

    private static List<KeyValue<Object, Object>> entries(KeyValueStore<Object, Object> store) {
        List<KeyValue<Object, Object>> entries = new ArrayList<>();
        try (KeyValueIterator<Object, Object> all = store.all()) {
            all.forEachRemaining(entries::add);
        }
        return entries;
    }

    private KeyValueStore<Object, Object> store(String name) {
        return driver.getKeyValueStore(name);
    }

    private <V> TestInputTopic<String, V> input(String topic, Serde<V> serde) {
        return driver.createInputTopic(topic, new StringSerializer(), serde.serializer());
    }

    private <V> TestOutputTopic<String, V> output(String topic, Serde<V> serde) {
        open.add(serde);
        Deserializer<V> deserializer = serde.deserializer();
        return driver.createOutputTopic(topic, new StringDeserializer(), deserializer);
    }

    @Override
    public void close() {
        driver.close();
        norms.close();
        open.forEach(Serde::close);
    }
}
