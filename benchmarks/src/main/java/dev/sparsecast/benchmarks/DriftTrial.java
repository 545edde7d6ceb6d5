package dev.sparsecast.benchmarks;

import dev.sparsecast.benchmarks.PromptNorms.Profiled;
import dev.sparsecast.schemas.ActivationNorms;
import dev.sparsecast.schemas.ActivationStatistics;
import dev.sparsecast.schemas.DriftReport;
import dev.sparsecast.schemas.GroupKey;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.GroupProvenance;
import dev.sparsecast.schemas.SubModelRelease.PruningRecipe;
import dev.sparsecast.schemas.SubModelRelease.Quality;
import dev.sparsecast.schemas.SubModelRelease.Signature;
import dev.sparsecast.schemas.SubModelRelease.Trigger;
import dev.sparsecast.schemas.Topics;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.serde.SparsecastSerdes;
import dev.sparsecast.streams.SparsecastTopology;
import dev.sparsecast.streams.StreamsSettings;
import dev.sparsecast.streams.drift.DriftSettings;
import dev.sparsecast.streams.state.StoreKind;
import dev.sparsecast.streams.statistics.EpochSettings;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Properties;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;

/**
 * One run of the streams app's own topology over prompts that were profiled before: traffic from one source, a release, more of
 * it, and traffic from another. An epoch is a flush.
 */
final class DriftTrial implements AutoCloseable {
    private static final Duration EPOCH = Duration.ofSeconds(1);
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
    private static final SparsecastSerdes SERDES =
            new SparsecastSerdes(new ClusterSettings("none:9092", "mock://drift-trial"));

    private final GroupKey group;
    private final Serde<ActivationNorms> norms = SERDES.activationNorms();
    private final Serde<SubModelRelease> releases = SERDES.releases();
    private final Serde<ActivationStatistics> statistics = SERDES.activationStatistics();
    private final Serde<DriftReport> reports = SERDES.driftReports();
    private final TopologyTestDriver driver;
    private final TestInputTopic<String, ActivationNorms> normsTopic;
    private final TestInputTopic<String, SubModelRelease> releasesTopic;
    private final TestOutputTopic<String, ActivationStatistics> statisticsTopic;
    private final TestOutputTopic<String, DriftReport> reportsTopic;
    private Instant now = START;
    private int flushes;

    /** @param halfLifeTokens of the statistics that releases are made from */
    DriftTrial(GroupKey group, DriftSettings settings, double halfLifeTokens) {
        this.group = group;
        EpochSettings epochs =
                new EpochSettings(EPOCH, Duration.ZERO, Duration.ZERO, Duration.ofSeconds(2), halfLifeTokens);
        Properties properties = new Properties();
        properties.put("application.id", "drift-trial");
        properties.put("bootstrap.servers", "none:9092");
        driver = new TopologyTestDriver(
                SparsecastTopology.build(new StreamsSettings(epochs, settings), StoreKind.IN_MEMORY, SERDES),
                properties,
                START);
        normsTopic = driver.createInputTopic(Topics.ACTIVATION_NORMS, new StringSerializer(), norms.serializer());
        releasesTopic =
                driver.createInputTopic(Topics.SUBMODEL_RELEASES, new StringSerializer(), releases.serializer());
        statisticsTopic = driver.createOutputTopic(
                Topics.ACTIVATION_STATISTICS, new StringDeserializer(), statistics.deserializer());
        reportsTopic =
                driver.createOutputTopic(Topics.ACTIVATION_DRIFT, new StringDeserializer(), reports.deserializer());
    }

    /** Flushes until a number of tokens is reached. */
    long flush(Supplier<List<Profiled>> next, long tokens) {
        long sent = 0;
        while (sent < tokens) {
            sent += flush(next.get());
        }
        return sent;
    }

    /**
     * A report and when it came.
     *
     * @param tokens sent since the run began
     */
    record Told(long tokens, DriftReport report) {}

    /**
     * Flushes until the reports say enough, or so many tokens were sent.
     *
     * @return all reports, oldest first
     */
    List<Told> watch(Supplier<List<Profiled>> next, long mostTokens, Predicate<List<Told>> isEnough) {
        List<Told> told = new ArrayList<>();
        long sent = 0;
        while (sent < mostTokens && !isEnough.test(told)) {
            sent += flush(next.get());
            for (DriftReport report : reportsTopic.readValuesToList()) {
                told.add(new Told(sent, report));
            }
        }
        return told;
    }

    private long flush(List<Profiled> prompts) {
        now = now.plus(EPOCH);
        flushes++;
        List<ActivationNorms> layers = PromptNorms.flush("flush-" + flushes, now, prompts);
        for (int layer = 0; layer < layers.size(); layer++) {
            normsTopic.pipeInput(group.layer(layer).toString(), layers.get(layer), now);
        }
        return layers.getFirst().tokens();
    }

    /** Announces a release that was made from what was published last. */
    void release() {
        List<KeyValue<String, ActivationStatistics>> published = statisticsTopic.readKeyValuesToList();
        ActivationStatistics snapshot = published.getLast().value;
        reportsTopic.readValuesToList();
        releasesTopic.pipeInput(
                group.model() + "/drift",
                new SubModelRelease(
                        group.model(),
                        "drift",
                        1,
                        OptionalInt.empty(),
                        "sha256:00",
                        Trigger.FIRST,
                        new PruningRecipe("wanda", "unstructured", 0.5, "sha256:11", snapshot.halfLifeTokens()),
                        List.of(),
                        new Quality(1, 1, 1, 1, OptionalDouble.empty()),
                        List.of(new GroupProvenance(
                                group.language(),
                                group.domain(),
                                1,
                                snapshot.epoch(),
                                snapshot.flushDigest(),
                                Math.round(snapshot.lifetime().tokens()),
                                Math.round(snapshot.lifetime().prompts()))),
                        now,
                        now,
                        "",
                        Signature.NONE),
                now);
    }

    @Override
    public void close() {
        driver.close();
        norms.close();
        releases.close();
        statistics.close();
        reports.close();
    }
}
