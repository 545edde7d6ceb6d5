package dev.sparsecast.cli.demo;

import dev.sparsecast.schemas.ActivationStatistics;
import dev.sparsecast.schemas.DriftReport;
import dev.sparsecast.schemas.GroupKey;
import dev.sparsecast.schemas.HeldOut;
import dev.sparsecast.schemas.LayerKey;
import dev.sparsecast.schemas.SubModelDeployment;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.Topics;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.serde.SparsecastSerdes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/** What has come out of the topics so far: what the story is told from. Used by one thread. */
final class Observed implements AutoCloseable {
    private final KafkaConsumer<String, byte[]> consumer;
    private final Deserializer<ActivationStatistics> statisticsDeserializer;
    private final Deserializer<DriftReport> driftDeserializer;
    private final Deserializer<SubModelRelease> releaseDeserializer;
    private final Deserializer<SubModelDeployment> deploymentDeserializer;

    private final Map<LayerKey, ActivationStatistics> statistics = new HashMap<>();
    private final Map<GroupKey, DriftReport> drift = new HashMap<>();
    private final Map<String, List<SubModelRelease>> releases = new TreeMap<>();
    private final List<SubModelDeployment> deployments = new ArrayList<>();
    private long prompts;
    private long heldOut;
    private long deadLetters;

    Observed(ClusterSettings cluster) {
        this.consumer = new KafkaConsumer<>(
                cluster.client(Map.of(
                        "client.id",
                        "sparsecast-demo",
                        "isolation.level",
                        "read_committed",
                        "enable.auto.commit",
                        false)),
                new StringDeserializer(),
                new ByteArrayDeserializer());
        SparsecastSerdes serdes = new SparsecastSerdes(cluster);
        this.statisticsDeserializer = serdes.activationStatistics().deserializer();
        this.driftDeserializer = serdes.driftReports().deserializer();
        this.releaseDeserializer = serdes.releases().deserializer();
        this.deploymentDeserializer = serdes.deployments().deserializer();
        List<TopicPartition> partitions = new ArrayList<>();
        consumer.listTopics().forEach((topic, infos) -> {
            if (isOurs(topic)) {
                infos.forEach(info -> partitions.add(new TopicPartition(topic, info.partition())));
            }
        });
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
    }

    private static boolean isOurs(String topic) {
        return topic.startsWith(Topics.PROMPTS_PREFIX)
                || topic.startsWith(Topics.DEAD_LETTERS_PREFIX)
                || topic.equals(Topics.ACTIVATION_STATISTICS)
                || topic.equals(Topics.ACTIVATION_DRIFT)
                || topic.equals(Topics.SUBMODEL_RELEASES)
                || topic.equals(Topics.SUBMODEL_DEPLOYMENTS);
    }

    /** Reads what is there, waiting a moment if there is nothing. */
    void read(Duration timeout) {
        for (ConsumerRecord<String, byte[]> record : consumer.poll(timeout)) {
            switch (record.topic()) {
                case Topics.ACTIVATION_STATISTICS ->
                    statistics.put(
                            LayerKey.parse(record.key()),
                            statisticsDeserializer.deserialize(record.topic(), record.value()));
                case Topics.ACTIVATION_DRIFT ->
                    drift.put(
                            GroupKey.parse(record.key()),
                            driftDeserializer.deserialize(record.topic(), record.value()));
                case Topics.SUBMODEL_RELEASES -> {
                    SubModelRelease release = releaseDeserializer.deserialize(record.topic(), record.value());
                    releases.computeIfAbsent(release.submodel(), ignored -> new ArrayList<>())
                            .add(release);
                }
                case Topics.SUBMODEL_DEPLOYMENTS ->
                    deployments.add(deploymentDeserializer.deserialize(record.topic(), record.value()));
                default -> takePromptOrDeadLetter(record);
            }
        }
    }

    private void takePromptOrDeadLetter(ConsumerRecord<String, byte[]> record) {
        if (record.topic().startsWith(Topics.DEAD_LETTERS_PREFIX)) {
            deadLetters++;
        } else {
            prompts++;
            if (HeldOut.contains(record.key())) {
                heldOut++;
            }
        }
    }

    /** Prompts in the topics. */
    long prompts() {
        return prompts;
    }

    /** Of these, held out. */
    long heldOut() {
        return heldOut;
    }

    long deadLetters() {
        return deadLetters;
    }

    /** Prompts that every layer of their group has counted. */
    long counted() {
        Map<GroupKey, List<ActivationStatistics>> groups = new HashMap<>();
        statistics.forEach((key, value) -> groups.computeIfAbsent(key.group(), ignored -> new ArrayList<>())
                .add(value));
        return groups.values().stream()
                .filter(layers -> layers.size() == layers.getFirst().layers())
                .mapToLong(layers -> layers.stream()
                        .mapToLong(layer -> (long) layer.lifetime().prompts())
                        .min()
                        .orElse(0))
                .sum();
    }

    /** All releases of a sub-model, oldest first. */
    List<SubModelRelease> releases(String submodel) {
        return releases.getOrDefault(submodel, List.of());
    }

    /** What became of a release. */
    Optional<SubModelDeployment> deployment(SubModelRelease release) {
        return deployments.stream()
                .filter(deployment -> deployment.submodel().equals(release.submodel())
                        && deployment.version() == release.version()
                        && deployment.state() == SubModelDeployment.State.DEPLOYED)
                .findFirst();
    }

    /** The newest drift report of a language and domain. */
    Optional<DriftReport> drift(String language, String domain) {
        return drift.entrySet().stream()
                .filter(entry -> entry.getKey().language().equals(language)
                        && entry.getKey().domain().equals(domain))
                .map(Map.Entry::getValue)
                .findFirst();
    }

    @Override
    public void close() {
        consumer.close();
        statisticsDeserializer.close();
        driftDeserializer.close();
        releaseDeserializer.close();
        deploymentDeserializer.close();
    }
}
