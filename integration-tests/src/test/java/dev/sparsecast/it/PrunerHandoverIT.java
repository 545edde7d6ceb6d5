package dev.sparsecast.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.checkpoint.Tap;
import dev.sparsecast.checkpoint.statistics.ModelStatistics;
import dev.sparsecast.checkpoint.statistics.TapSums;
import dev.sparsecast.cli.cluster.TopicSetup;
import dev.sparsecast.cli.stack.EmbeddedStack;
import dev.sparsecast.cli.stack.StackOptions;
import dev.sparsecast.producers.PromptFile;
import dev.sparsecast.producers.PromptProducer;
import dev.sparsecast.schemas.ActivationStatistics;
import dev.sparsecast.schemas.FlushDigest;
import dev.sparsecast.schemas.GroupKey;
import dev.sparsecast.schemas.HeldOut;
import dev.sparsecast.schemas.Prompt;
import dev.sparsecast.schemas.TapTotals;
import dev.sparsecast.schemas.Topics;
import dev.sparsecast.schemas.Totals;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.cluster.TopicCatalogue;
import dev.sparsecast.schemas.serde.SparsecastSerdes;
import dev.sparsecast.schemas.signing.SigningKey;
import dev.sparsecast.worker.model.ModelOptions;
import dev.sparsecast.worker.model.Progress;
import dev.sparsecast.worker.profile.OfflineProfile;
import dev.sparsecast.worker.profile.PromptText;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two pruners of one model as processes of their own, and the commands to them: one is in charge, the other waits, takes
 * over when the first is killed, and no version is announced twice.
 */
@Timeout(300)
class PrunerHandoverIT {
    @TempDir
    Path directory;

    private ClusterSettings cluster;
    private Path model;
    private Path key;

    @Test
    void theWaitingPrunerTakesOverWhereTheKilledOneWasAndCommandsReachWhoeverIsInCharge() throws Exception {
        model = SparsecastProcess.root().resolve("demo/models/tiny-coder");
        key = directory.resolve("pruner.key");
        SigningKey.generate().write(key);
        Files.writeString(directory.resolve("submodels.yaml"), """
                submodels:
                  - name: python
                    groups: [{language: python, domain: code}]
                    sparsity: 0.5
                    refresh: {minimum_tokens: 1, minimum_prompts: 1, new_tokens: 1, minimum_interval: 0s}
                    gate: {held_out_prompts: 4, minimum_held_out_prompts: 4, largest_ratio_to_dense: 100,
                           largest_ratio_to_current: 100}
                """);
        List<Prompt> prompts = PromptFile.read(SparsecastProcess.root().resolve("demo/prompts/python.jsonl"))
                .prompts();
        try (EmbeddedStack stack = EmbeddedStack.start(StackOptions.temporary());
                Checkpoint base = Checkpoint.open(model)) {
            cluster = StackExtension.settings(stack);
            try (Admin admin = Admin.create(cluster.client(Map.of()))) {
                TopicSetup.create(admin, TopicCatalogue.topics(List.of("python"), 2), Optional.empty());
            }
            try (PromptProducer producer = new PromptProducer(cluster)) {
                List<Prompt> heldOut = prompts.stream()
                        .filter(prompt -> HeldOut.contains(prompt.id()))
                        .toList();
                assertThat(producer.send(heldOut, 1000, sent -> {}).sent()).isEqualTo(heldOut.size());
            }
            List<Prompt> counted = prompts.stream()
                    .filter(prompt -> !HeldOut.contains(prompt.id()))
                    .toList();

            try (SparsecastProcess first = pruner("first")) {
                publish(base, counted.subList(0, 4), 1);
                awaitVersions(1);
                try (SparsecastProcess second = pruner("second")) {
                    awaitLog(second, "Another pruner is in charge; waiting");
                    publish(base, counted.subList(0, 6), 2);
                    awaitVersions(2);
                    assertThat(Files.readString(second.errors())).doesNotContain("This pruner is in charge");

                    publish(base, counted.subList(0, 8), 3);
                    first.process().destroyForcibly();
                    awaitLog(second, "This pruner is in charge");
                    awaitVersions(3);

                    assertThat(sparsecast("releases", "pin", "python", "1", "--signing-key", key.toString()))
                            .contains("done: pinned to version 1, as version 4");
                    publish(base, counted.subList(0, 9), 4);
                    assertThat(sparsecast("pruner", "refresh", "python", "--wait", "0"))
                            .contains("sent: ");
                    assertThat(sparsecast("releases", "revoke", "python", "3", "--signing-key", key.toString()))
                            .contains("done: version 3 is revoked, as version 5");
                    assertThat(sparsecast(
                                    "releases",
                                    "list",
                                    "python",
                                    "--store",
                                    directory.resolve("store").toString(),
                                    "--trusted-key",
                                    directory.resolve("pruner.pub").toString()))
                            .containsSubsequence("python 5", "restores 1  pinned", "python 3", "revoked");
                    assertThat(sparsecast(
                                    "releases",
                                    "diff",
                                    "python",
                                    "1",
                                    "3",
                                    "--model",
                                    model.toString(),
                                    "--store",
                                    directory.resolve("store").toString(),
                                    "--trusted-key",
                                    directory.resolve("pruner.pub").toString()))
                            .contains("provenance.python/code.prompts: 4 -> 8", " bits differ (");
                    assertThat(sparsecast("releases", "decisions", "python"))
                            .containsSubsequence("promoted as version 1 (first)", "done as version 4: pinned");
                }
            }
            assertThat(announced()).as("each version once").containsExactly(1, 2, 3, 4, 5);
        }
    }

    private SparsecastProcess pruner(String name) throws Exception {
        return SparsecastProcess.start(
                directory,
                environment(),
                "pruner",
                "--model",
                model.toString(),
                "--submodels",
                "submodels.yaml",
                "--store",
                "store",
                "--signing-key",
                key.toString(),
                "--state",
                "state-" + name,
                "--threads",
                "1",
                "--kafka.session.timeout.ms=6000");
    }

    /** Runs a command to its end and returns what it printed. */
    private String sparsecast(String... arguments) throws Exception {
        try (SparsecastProcess command = SparsecastProcess.start(directory, environment(), arguments)) {
            String printed = command.readRest();
            assertThat(command.waitFor()).as(Files.readString(command.errors())).isZero();
            return printed;
        }
    }

    private Map<String, String> environment() {
        return Map.of(
                "SPARSECAST_BOOTSTRAP_SERVERS", cluster.bootstrapServers(),
                "SPARSECAST_SCHEMA_REGISTRY_URL", cluster.schemaRegistryUrl());
    }

    private static void awaitLog(SparsecastProcess process, String line) throws Exception {
        while (!Files.readString(process.errors()).contains(line)) {
            assertThat(process.process().isAlive())
                    .as(Files.readString(process.errors()))
                    .isTrue();
            Thread.sleep(100);
        }
    }

    private void awaitVersions(int newest) throws Exception {
        while (announced().stream().noneMatch(version -> version == newest)) {
            Thread.sleep(200);
        }
    }

    /** Every version in the topic, which nothing has compacted yet. */
    private List<Integer> announced() {
        List<Integer> versions = new ArrayList<>();
        try (var serde = new SparsecastSerdes(cluster).releases()) {
            TopicContents.forEach(
                    cluster,
                    Topics.SUBMODEL_RELEASES,
                    serde.deserializer(),
                    record -> versions.add(record.value().version()));
        }
        return versions;
    }

    /** What a worker and the streams app would make of prompts. */
    private void publish(Checkpoint base, List<Prompt> prompts, int epoch) throws Exception {
        ModelStatistics profile = OfflineProfile.run(
                        base,
                        prompts.stream()
                                .map(prompt ->
                                        new PromptText(prompt.id(), prompt.language(), prompt.domain(), prompt.text()))
                                .toList(),
                        128,
                        ModelOptions.defaults().withThreads(1),
                        Progress.NONE)
                .statistics();
        GroupKey group = new GroupKey(base.revision(), "python", "code");
        try (var serde = new SparsecastSerdes(cluster).activationStatistics();
                KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                        cluster.client(Map.of()), new ByteArraySerializer(), new ByteArraySerializer())) {
            for (int layer = 0; layer < profile.layers().size(); layer++) {
                Map<Tap, TapSums> taps = profile.layers().get(layer);
                Totals totals = new Totals(
                        profile.tokens(),
                        profile.prompts(),
                        taps.entrySet().stream()
                                .map(tap -> new TapTotals(
                                        tap.getKey().label(),
                                        tap.getValue().sumSquares(),
                                        tap.getValue().sum()))
                                .toList());
                ActivationStatistics statistics = new ActivationStatistics(
                        profile.layers().size(),
                        epoch,
                        1000,
                        epoch,
                        FlushDigest.EMPTY.plus("flush-" + epoch),
                        Instant.ofEpochSecond(epoch),
                        1,
                        totals,
                        totals,
                        5000);
                producer.send(new ProducerRecord<>(
                                Topics.ACTIVATION_STATISTICS,
                                group.layer(layer).toString().getBytes(StandardCharsets.UTF_8),
                                serde.serializer().serialize(Topics.ACTIVATION_STATISTICS, statistics)))
                        .get();
            }
        }
    }
}
