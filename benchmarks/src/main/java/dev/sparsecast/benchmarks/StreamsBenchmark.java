package dev.sparsecast.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import dev.sparsecast.cli.cluster.TopicSetup;
import dev.sparsecast.schemas.ActivationNorms;
import dev.sparsecast.schemas.Topics;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.cluster.TopicCatalogue;
import dev.sparsecast.schemas.serde.SparsecastSerdes;
import dev.sparsecast.streams.InstanceSettings;
import dev.sparsecast.streams.StreamsApplication;
import dev.sparsecast.streams.StreamsSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryUsage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * How fast the streams app takes in norms of a model of production size, beside a bare consumer that only deserializes the
 * same records; how large its state is and how long it takes to restore. The broker is another process ({@code sparsecast
 * stack}), so that processor time is that of the client alone.
 *
 * <pre>java … dev.sparsecast.benchmarks.StreamsBenchmark BOOTSTRAP REGISTRY STATE_DIRECTORY [FLUSHES] [SECONDS_APART]</pre>
 */
public final class StreamsBenchmark {
    private static final int PARTITIONS = 4;
    private static final Duration COMMIT_INTERVAL = Duration.ofSeconds(10);
    private static final OperatingSystemMXBean SYSTEM =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    private final ClusterSettings cluster;
    private final Path state;

    private StreamsBenchmark(ClusterSettings cluster, Path state) {
        this.cluster = cluster;
        this.state = state;
    }

    /** What something took. */
    private record Cost(long records, long bytes, double seconds, double processorSeconds) {
        String told(String what) {
            return String.format(
                    Locale.ROOT,
                    "%-34s %,7d records in %6.1f s: %6.0f records/s, %6.1f MB/s; per processor second %6.0f records, %6.1f MB",
                    what,
                    records,
                    seconds,
                    records / seconds,
                    bytes / seconds / 1e6,
                    records / processorSeconds,
                    bytes / processorSeconds / 1e6);
        }
    }

    /** Runs it. */
    public static void main(String[] arguments) throws Exception {
        int flushes = arguments.length > 3 ? Integer.parseInt(arguments[3]) : 24;
        double secondsApart = arguments.length > 4 ? Double.parseDouble(arguments[4]) : 2;
        new StreamsBenchmark(new ClusterSettings(arguments[0], arguments[1]), Path.of(arguments[2]))
                .run(flushes, secondsApart);
    }

    private void run(int flushes, double secondsApart) throws Exception {
        try (Admin admin = Admin.create(cluster.client(Map.of()))) {
            TopicSetup.create(admin, TopicCatalogue.topics(List.of("python"), PARTITIONS), Optional.empty());
            SyntheticNorms.Sent sent = new SyntheticNorms().send(cluster, flushes, secondsApart);
            System.out.printf(Locale.ROOT, "%,d records of %,d bytes at most%n", sent.records(), sent.largestRecord());
            Cost warmUp = consume(sent.records() / 3);
            System.out.println(warmUp.told("bare consumer, warming up"));
            Cost bare = consume(sent.records());
            System.out.println(bare.told("bare consumer"));
            Cost app = process(admin, bare);
            System.out.printf(
                    Locale.ROOT,
                    "streams app, second half, by bare consumer: %.2f per processor second%n",
                    (app.records() / app.processorSeconds()) / (bare.records() / bare.processorSeconds()));
            tellLargestStatistics();
            restore();
        }
    }

    /** Reads and deserializes so many records. */
    private Cost consume(long records) {
        try (var serde = new SparsecastSerdes(cluster).activationNorms();
                KafkaConsumer<String, ActivationNorms> consumer = new KafkaConsumer<>(
                        cluster.client(Map.of("enable.auto.commit", false, "isolation.level", "read_committed")),
                        new StringDeserializer(),
                        serde.deserializer())) {
            List<TopicPartition> partitions = partitions(Topics.ACTIVATION_NORMS);
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            long[] seen = {0, 0};
            Stopwatch watch = new Stopwatch();
            while (seen[0] < records) {
                consumer.poll(Duration.ofMillis(500)).forEach(record -> {
                    seen[0]++;
                    seen[1] += record.serializedValueSize();
                });
            }
            return watch.cost(seen[0], seen[1]);
        }
    }

    private static List<TopicPartition> partitions(String topic) {
        return Stream.iterate(0, partition -> partition < PARTITIONS, partition -> partition + 1)
                .map(partition -> new TopicPartition(topic, partition))
                .toList();
    }

    /** Lets the app read everything; memory is looked at in every quarter. What the second half took is returned. */
    private Cost process(Admin admin, Cost expected) throws Exception {
        try (StreamsApplication app = StreamsApplication.start(StreamsSettings.defaults(), instance(), cluster)) {
            app.ready().get(2, TimeUnit.MINUTES);
            Stopwatch watch = new Stopwatch();
            double bytesPerRecord = (double) expected.bytes() / expected.records();
            long half = 0;
            long done = committed(admin);
            for (int quarter = 1; done < expected.records(); done = committed(admin)) {
                if (done * 4 >= expected.records() * quarter) {
                    tellMemory(100 * done / expected.records());
                    quarter = (int) (done * 4 / expected.records()) + 1;
                }
                if (half == 0 && done * 2 >= expected.records()) {
                    half = done;
                    System.out.println(
                            watch.cost(half, (long) (half * bytesPerRecord)).told("streams app, first half"));
                    watch = new Stopwatch();
                }
                Thread.sleep(50);
            }
            Cost cost = watch.cost(done - half, (long) ((done - half) * bytesPerRecord));
            System.out.println(cost.told("streams app, second half"));
            tellMemory(100);
            System.out.printf(Locale.ROOT, "state on disk %.2f GB%n", size(state) / 1e9);
            return cost;
        }
    }

    private InstanceSettings instance() {
        return InstanceSettings.of(state, "benchmark").withCommitInterval(COMMIT_INTERVAL);
    }

    private static void tellMemory(long percent) throws IOException {
        long afterCollection = ManagementFactory.getMemoryPoolMXBeans().stream()
                .map(MemoryPoolMXBean::getCollectionUsage)
                .filter(Objects::nonNull)
                .mapToLong(MemoryUsage::getUsed)
                .sum();
        long resident = Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmRSS"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst()
                .orElse(0);
        System.out.printf(
                Locale.ROOT,
                "  at %3d %%: heap after the last collection %,d MB, resident %,d MB%n",
                percent,
                afterCollection >> 20,
                resident >> 10);
    }

    /** Records that the app has committed. */
    private static long committed(Admin admin) throws Exception {
        return admin
                .listConsumerGroupOffsets(InstanceSettings.DEFAULT_APPLICATION_ID)
                .partitionsToOffsetAndMetadata()
                .get()
                .entrySet()
                .stream()
                .filter(entry -> entry.getKey().topic().equals(Topics.ACTIVATION_NORMS) && entry.getValue() != null)
                .mapToLong(entry -> entry.getValue().offset())
                .sum();
    }

    private void tellLargestStatistics() {
        try (KafkaConsumer<String, byte[]> consumer = new KafkaConsumer<>(
                cluster.client(Map.of("enable.auto.commit", false, "isolation.level", "read_committed")),
                new StringDeserializer(),
                new org.apache.kafka.common.serialization.ByteArrayDeserializer())) {
            List<TopicPartition> partitions = partitions(Topics.ACTIVATION_STATISTICS);
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            int[] largest = {0};
            long[] count = {0};
            for (int empty = 0; empty < 3; ) {
                var records = consumer.poll(Duration.ofMillis(500));
                empty = records.isEmpty() ? empty + 1 : 0;
                records.forEach(record -> {
                    largest[0] = Math.max(largest[0], record.serializedValueSize());
                    count[0]++;
                });
            }
            System.out.printf(Locale.ROOT, "%,d statistics published, of %,d bytes at most%n", count[0], largest[0]);
        }
    }

    /** Loses the disk and starts again. */
    private void restore() throws Exception {
        delete(state);
        Stopwatch watch = new Stopwatch();
        try (StreamsApplication app = StreamsApplication.start(StreamsSettings.defaults(), instance(), cluster)) {
            app.ready().get(8, TimeUnit.MINUTES);
            double seconds = watch.cost(0, 0).seconds();
            long bytes = size(state);
            System.out.printf(
                    Locale.ROOT,
                    "restored after the loss of the disk in %.1f s: %.2f GB, %.1f MB/s%n",
                    seconds,
                    bytes / 1e9,
                    bytes / seconds / 1e6);
        }
    }

    private static long size(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.mapToLong(StreamsBenchmark::fileSize).sum();
        }
    }

    private static long fileSize(Path file) {
        try {
            return Files.isRegularFile(file) ? Files.size(file) : 0;
        } catch (IOException e) {
            return 0; // RocksDB has just deleted it
        }
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            files.sorted(java.util.Comparator.reverseOrder()).forEach(file -> {
                try {
                    Files.delete(file);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
    }

    /** Time and processor time since it was made. */
    private static final class Stopwatch {
        private final long start = System.nanoTime();
        private final long processor = SYSTEM.getProcessCpuTime();

        Cost cost(long records, long bytes) {
            return new Cost(
                    records, bytes, (System.nanoTime() - start) / 1e9, (SYSTEM.getProcessCpuTime() - processor) / 1e9);
        }
    }
}
