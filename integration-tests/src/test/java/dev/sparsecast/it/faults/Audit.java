package dev.sparsecast.it.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.checkpoint.Tap;
import dev.sparsecast.checkpoint.statistics.ModelStatistics;
import dev.sparsecast.it.TopicContents;
import dev.sparsecast.schemas.ActivationStatistics;
import dev.sparsecast.schemas.GroupKey;
import dev.sparsecast.schemas.HeldOut;
import dev.sparsecast.schemas.LayerKey;
import dev.sparsecast.schemas.Prompt;
import dev.sparsecast.schemas.TapTotals;
import dev.sparsecast.schemas.Topics;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.serde.SparsecastSerdes;
import dev.sparsecast.worker.model.ModelOptions;
import dev.sparsecast.worker.model.Progress;
import dev.sparsecast.worker.profile.OfflineProfile;
import dev.sparsecast.worker.profile.PromptText;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What the topics say in the end, against what was sent and against a run without faults and without Kafka. */
final class Audit {
    /** Additions of float64 in another order. */
    private static final double ADDITION = 1e-12;
    /** Float32 within a batch of the model and on the wire. */
    private static final double FORWARD_PASS = 1e-5;

    private final ClusterSettings cluster;
    private final List<Prompt> sent;
    private final Map<LayerKey, ActivationStatistics> statistics;

    /**
     * What was found right.
     *
     * @param counted prompts that are in every layer of their group, which are all that are not held out
     * @param additionError largest relative difference of a {@code Σx²} from the plain sum of all flushes
     * @param faultFreeError largest relative difference of a {@code Σx²} from a run without Kafka
     */
    record Findings(int sent, int counted, long tokens, int flushes, double additionError, double faultFreeError) {}

    private Audit(ClusterSettings cluster, List<Prompt> sent) {
        this.cluster = cluster;
        this.sent = sent;
        this.statistics = statistics(cluster);
    }

    static Map<LayerKey, ActivationStatistics> statistics(ClusterSettings cluster) {
        Map<LayerKey, ActivationStatistics> statistics = new HashMap<>();
        try (var serde = new SparsecastSerdes(cluster).activationStatistics()) {
            TopicContents.newest(cluster, Topics.ACTIVATION_STATISTICS, serde.deserializer())
                    .forEach((key, value) -> statistics.put(LayerKey.parse(key), value));
        }
        return statistics;
    }

    static Findings check(ClusterSettings cluster, List<Prompt> sent, Checkpoint checkpoint) {
        return new Audit(cluster, sent).check(checkpoint);
    }

    private Findings check(Checkpoint checkpoint) {
        assertEveryPromptWasSentOnce();
        CountedFlushes flushes = CountedFlushes.read(cluster);
        int layers = checkpoint.config().layers();
        Map<GroupKey, List<Prompt>> groups = new HashMap<>();
        sent.stream()
                .filter(prompt -> !HeldOut.contains(prompt.id()))
                .forEach(prompt -> groups.computeIfAbsent(
                                new GroupKey(checkpoint.revision(), prompt.language(), prompt.domain()),
                                absent -> new ArrayList<>())
                        .add(prompt));
        assertThat(statistics).hasSize(groups.size() * layers);
        double additionError = 0;
        double faultFreeError = 0;
        long tokens = 0;
        for (Map.Entry<GroupKey, List<Prompt>> group : groups.entrySet()) {
            ModelStatistics expected = faultFree(checkpoint, group.getValue());
            tokens += (long) expected.tokens();
            flushes.assertLayersAgree(group.getKey(), layers);
            for (int layer = 0; layer < layers; layer++) {
                LayerKey key = group.getKey().layer(layer);
                ActivationStatistics found = statistics.get(key);
                assertThat(flushes.of(group.getKey(), layer).prompts())
                        .as("prompts of %s", key)
                        .isEqualTo(group.getValue().size());
                assertThat(flushes.of(group.getKey(), layer).tokens())
                        .as("tokens of %s", key)
                        .isEqualTo((long) expected.tokens());
                additionError = Math.max(additionError, flushes.compare(key, found));
                faultFreeError = Math.max(faultFreeError, difference(found, expected, layer));
            }
        }
        assertThat(additionError).as("Σx² against the sum of all flushes").isLessThan(ADDITION);
        assertThat(faultFreeError).as("Σx² against a run without faults").isLessThan(FORWARD_PASS);
        int counted = groups.values().stream().mapToInt(List::size).sum();
        return new Findings(sent.size(), counted, tokens, flushes.flushes(), additionError, faultFreeError);
    }

    private void assertEveryPromptWasSentOnce() {
        List<String> ids = new ArrayList<>();
        try (var serde = new SparsecastSerdes(cluster).prompts()) {
            for (String language : Ensemble.LANGUAGES) {
                TopicContents.forEach(
                        cluster, Topics.prompts(language), serde.deserializer(), record -> ids.add(record.key()));
                assertThat(TopicContents.count(cluster, Topics.deadLetters(Topics.prompts(language))))
                        .isZero();
            }
        }
        assertThat(TopicContents.count(cluster, Topics.deadLetters(Topics.ACTIVATION_NORMS)))
                .isZero();
        assertThat(ids.stream().sorted().toList())
                .as("prompts on the topics")
                .isEqualTo(sent.stream().map(Prompt::id).sorted().toList());
    }

    private static ModelStatistics faultFree(Checkpoint checkpoint, List<Prompt> prompts) {
        return OfflineProfile.run(
                        checkpoint,
                        prompts.stream()
                                .map(prompt ->
                                        new PromptText(prompt.id(), prompt.language(), prompt.domain(), prompt.text()))
                                .toList(),
                        Integer.MAX_VALUE,
                        ModelOptions.defaults(),
                        Progress.NONE)
                .statistics();
    }

    private static double difference(ActivationStatistics found, ModelStatistics expected, int layer) {
        double largest = 0;
        for (TapTotals tap : found.lifetime().taps()) {
            double[] sums = expected.sums(layer, Tap.ofLabel(tap.tap())).sumSquares();
            largest = Math.max(largest, CountedFlushes.largestDifference(tap.sumSquares(), sums));
        }
        return largest;
    }
}
