package dev.sparsecast.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.checkpoint.Tap;
import dev.sparsecast.checkpoint.statistics.ModelStatistics;
import dev.sparsecast.cli.cluster.TopicSetup;
import dev.sparsecast.cli.stack.EmbeddedStack;
import dev.sparsecast.cli.stack.StackOptions;
import dev.sparsecast.producers.PromptFile;
import dev.sparsecast.producers.PromptProducer;
import dev.sparsecast.schemas.ActivationStatistics;
import dev.sparsecast.schemas.GroupKey;
import dev.sparsecast.schemas.HeldOut;
import dev.sparsecast.schemas.LayerKey;
import dev.sparsecast.schemas.Prompt;
import dev.sparsecast.schemas.TapTotals;
import dev.sparsecast.schemas.Topics;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.cluster.TopicCatalogue;
import dev.sparsecast.schemas.serde.SparsecastSerdes;
import dev.sparsecast.worker.model.ModelOptions;
import dev.sparsecast.worker.model.Progress;
import dev.sparsecast.worker.profile.OfflineProfile;
import dev.sparsecast.worker.profile.PromptText;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The worker and the streams app as processes of their own, on a real broker and registry, killed and started again while
 * prompts flow: every prompt is counted once in every layer, and the sums are those of a run without Kafka.
 */
@Timeout(600)
class PipelineIT {
    private static final int POISONED = 3;

    @TempDir
    Path directory;

    @Test
    void countsEveryPromptOnceWhateverIsKilled() throws Exception {
        Path model = SparsecastProcess.root().resolve("demo/models/tiny-coder");
        List<Prompt> prompts = new ArrayList<>(prompts("python"));
        prompts.addAll(prompts("math"));

        try (EmbeddedStack stack = EmbeddedStack.start(StackOptions.temporary())) {
            ClusterSettings cluster = StackExtension.settings(stack);
            try (Admin admin = Admin.create(cluster.client(Map.of()))) {
                TopicSetup.create(admin, TopicCatalogue.topics(List.of("python", "en"), 3), Optional.empty());
            }
            poison(cluster);

            SparsecastProcess worker = worker(cluster, model);
            SparsecastProcess streams = streams(cluster);
            try {
                CompletableFuture<Void> sending = CompletableFuture.runAsync(
                        () -> send(cluster, prompts),
                        task -> Thread.ofPlatform().daemon().start(task));

                awaitCounted(cluster, 10);
                worker.process().destroyForcibly();
                worker.close();
                worker = worker(cluster, model);

                awaitCounted(cluster, 30);
                streams.process().destroyForcibly();
                streams.close();
                streams = streams(cluster);

                awaitCounted(cluster, 50);
                worker.process().destroyForcibly();
                streams.process().destroyForcibly();
                worker.close();
                streams.close();
                worker = worker(cluster, model);
                streams = streams(cluster);

                sending.join();
                long expected = prompts.stream()
                        .filter(prompt -> !HeldOut.contains(prompt.id()))
                        .count();
                Map<LayerKey, ActivationStatistics> statistics = awaitCounted(cluster, expected);
                assertSame(statistics, model, prompts);
                assertThat(TopicContents.count(cluster, Topics.deadLetters(Topics.prompts("python"))))
                        .isEqualTo(POISONED);

                worker.process().destroy();
                streams.process().destroy();
                assertThat(worker.waitFor())
                        .as("exit code of the worker after SIGTERM")
                        .isZero();
                assertThat(streams.waitFor())
                        .as("exit code of the streams app after SIGTERM")
                        .isZero();
            } finally {
                worker.close();
                streams.close();
            }
        }
    }

    private static List<Prompt> prompts(String kind) {
        return PromptFile.read(SparsecastProcess.root().resolve("demo/prompts/" + kind + ".jsonl"))
                .prompts();
    }

    private SparsecastProcess worker(ClusterSettings cluster, Path model) throws Exception {
        return SparsecastProcess.start(
                directory,
                Map.of(),
                "worker",
                "--bootstrap-servers",
                cluster.bootstrapServers(),
                "--schema-registry-url",
                cluster.schemaRegistryUrl(),
                "--model",
                model.toString(),
                "--flush-prompts",
                "4",
                "--flush-seconds",
                "0.5");
    }

    private SparsecastProcess streams(ClusterSettings cluster) throws Exception {
        return SparsecastProcess.start(
                directory,
                Map.of(),
                "streams",
                "--bootstrap-servers",
                cluster.bootstrapServers(),
                "--schema-registry-url",
                cluster.schemaRegistryUrl(),
                "--state",
                directory.resolve("streams").toString(),
                "--epoch-seconds",
                "1");
    }

    private static void send(ClusterSettings cluster, List<Prompt> prompts) {
        try (PromptProducer producer = new PromptProducer(cluster)) {
            assertThat(producer.send(prompts, 5, sent -> {}).sent()).isEqualTo(prompts.size());
        }
    }

    private static void poison(ClusterSettings cluster) throws Exception {
        try (KafkaProducer<String, byte[]> producer = new KafkaProducer<>(
                        cluster.client(Map.of()), new StringSerializer(), new ByteArraySerializer());
                var serde = new SparsecastSerdes(cluster).prompts()) {
            String topic = Topics.prompts("python");
            byte[] empty = serde.serializer().serialize(topic, new Prompt("empty", "python", "code", "", "", Map.of()));
            byte[] named = serde.serializer()
                    .serialize(topic, new Prompt("named", "python", "No Domain", "x = 1", "", Map.of()));
            for (byte[] value : List.of(new byte[] {0, 1, 2}, empty, named)) {
                producer.send(new ProducerRecord<>(topic, "poison", value)).get();
            }
        }
    }

    /** Waits until every layer of the groups has counted so many prompts in all; more would be as wrong as fewer. */
    private static Map<LayerKey, ActivationStatistics> awaitCounted(ClusterSettings cluster, long least)
            throws Exception {
        while (true) {
            Map<LayerKey, ActivationStatistics> statistics = statistics(cluster);
            Map<Integer, Long> byLayer = new HashMap<>();
            statistics.forEach((key, value) ->
                    byLayer.merge(key.layer(), (long) value.lifetime().prompts(), Long::sum));
            if (byLayer.size() == 6 && byLayer.values().stream().allMatch(count -> count >= least)) {
                return statistics;
            }
            Thread.sleep(500);
        }
    }

    private static Map<LayerKey, ActivationStatistics> statistics(ClusterSettings cluster) {
        Map<LayerKey, ActivationStatistics> newest = new HashMap<>();
        try (var serde = new SparsecastSerdes(cluster).activationStatistics()) {
            TopicContents.newest(cluster, Topics.ACTIVATION_STATISTICS, serde.deserializer())
                    .forEach((key, value) -> newest.put(LayerKey.parse(key), value));
        }
        return newest;
    }

    /** The statistics on the topic against those of one run without Kafka. */
    private static void assertSame(Map<LayerKey, ActivationStatistics> statistics, Path model, List<Prompt> prompts) {
        try (Checkpoint checkpoint = Checkpoint.open(model)) {
            for (List<String> group : List.of(List.of("python", "code"), List.of("en", "math"))) {
                List<PromptText> counted = prompts.stream()
                        .filter(prompt -> prompt.language().equals(group.getFirst()) && !HeldOut.contains(prompt.id()))
                        .map(prompt -> new PromptText(prompt.id(), prompt.language(), prompt.domain(), prompt.text()))
                        .toList();
                ModelStatistics expected = OfflineProfile.run(
                                checkpoint, counted, Integer.MAX_VALUE, ModelOptions.defaults(), Progress.NONE)
                        .statistics();
                GroupKey key = new GroupKey(checkpoint.revision(), group.getFirst(), group.getLast());
                for (int layer = 0; layer < 6; layer++) {
                    ActivationStatistics actual = statistics.get(key.layer(layer));
                    assertThat(actual.lifetime().prompts())
                            .as("prompts of %s", key)
                            .isEqualTo(counted.size());
                    assertThat(actual.lifetime().tokens())
                            .as("tokens of %s", key)
                            .isEqualTo(expected.tokens());
                    assertThat(actual.flushDigest())
                            .as("flushes of every layer of %s", key)
                            .isEqualTo(statistics.get(key.layer(0)).flushDigest());
                    for (TapTotals tap : actual.lifetime().taps()) {
                        double[] sums =
                                expected.sums(layer, Tap.ofLabel(tap.tap())).sumSquares();
                        for (int channel = 0; channel < sums.length; channel++) {
                            assertThat(tap.sumSquares()[channel])
                                    .isCloseTo(sums[channel], org.assertj.core.data.Percentage.withPercentage(0.01));
                        }
                    }
                }
            }
        }
    }
}
