package dev.sparsecast.pruner.service;

import dev.sparsecast.pruner.snapshot.GroupSnapshot;
import dev.sparsecast.schemas.ActivationStatistics;
import dev.sparsecast.schemas.DriftReport;
import dev.sparsecast.schemas.GroupKey;
import dev.sparsecast.schemas.LayerKey;
import dev.sparsecast.schemas.Prompt;
import dev.sparsecast.schemas.SubModelKey;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.Topics;
import dev.sparsecast.schemas.serde.SparsecastSerdes;
import dev.sparsecast.schemas.signing.VerifyingKey;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.serialization.Deserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads records into what is known. One that makes no sense becomes a dead letter and changes nothing; it can spoil no
 * release, since only complete snapshots count. Prompts that cannot be read are left to the workers, who report them.
 */
final class RecordIntake implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(RecordIntake.class);
    private static final int REMEMBERED_REVISIONS = 100;

    private final String model;
    private final String baseDigest;
    private final VerifyingKey key;
    private final Knowledge knowledge;
    private final DeadLetters deadLetters;
    private final PrunerMetrics metrics;
    private final Set<String> otherRevisions = new HashSet<>();
    private final Deserializer<ActivationStatistics> statisticsDeserializer;
    private final Deserializer<DriftReport> driftDeserializer;
    private final Deserializer<SubModelRelease> releaseDeserializer;
    private final Deserializer<Prompt> promptDeserializer;

    /**
     * @param model revision of the base model; records of others are passed over
     * @param baseDigest the base model's digest
     * @param key the key that this pruner signs with
     */
    RecordIntake(
            String model,
            String baseDigest,
            VerifyingKey key,
            SparsecastSerdes serdes,
            Knowledge knowledge,
            DeadLetters deadLetters,
            PrunerMetrics metrics) {
        this.model = model;
        this.baseDigest = baseDigest;
        this.key = key;
        this.knowledge = knowledge;
        this.deadLetters = deadLetters;
        this.metrics = metrics;
        this.statisticsDeserializer = serdes.activationStatistics().deserializer();
        this.driftDeserializer = serdes.driftReports().deserializer();
        this.releaseDeserializer = serdes.releases().deserializer();
        this.promptDeserializer = serdes.prompts().deserializer();
    }

    /**
     * Takes a record in.
     *
     * @param isNew whether it came after the start
     * @throws RegistryOutage if the registry did not answer; the record is to be taken again
     */
    void take(ConsumerRecord<byte[], byte[]> record, boolean isNew) {
        if (record.value() == null) {
            return; // a tombstone: what was known of the key stays known until something newer comes
        }
        try {
            switch (record.topic()) {
                case Topics.ACTIVATION_STATISTICS -> takeStatistics(record);
                case Topics.ACTIVATION_DRIFT -> takeDrift(record);
                case Topics.SUBMODEL_RELEASES -> takeRelease(record);
                default -> takePrompt(record);
            }
        } catch (RuntimeException e) {
            // Not only those that say so: damaged bytes make Avro and its wrapping throw whatever they stumble over.
            if (RegistryOutage.isCauseOf(e)) {
                throw new RegistryOutage(e);
            }
            refuse(record, e, isNew);
        }
    }

    private void refuse(ConsumerRecord<byte[], byte[]> record, RuntimeException e, boolean isNew) {
        if (record.topic().startsWith(Topics.PROMPTS_PREFIX)) {
            log.atDebug()
                    .addKeyValue("topic", record.topic())
                    .addKeyValue("partition", record.partition())
                    .addKeyValue("offset", record.offset())
                    .log("Passed over a prompt that cannot be read");
            return;
        }
        metrics.deadLetter(record.topic());
        deadLetters.add(record, rootMessage(e), isNew);
    }

    private void takeStatistics(ConsumerRecord<byte[], byte[]> record) {
        LayerKey layer = LayerKey.parse(key(record));
        if (!isOfThisModel(layer.group().model(), record.topic())) {
            return;
        }
        ActivationStatistics statistics = statisticsDeserializer.deserialize(record.topic(), record.value());
        Optional<GroupSnapshot> complete = knowledge.add(layer, statistics);
        complete.ifPresent(snapshot -> {
            metrics.snapshot(snapshot);
            log.atDebug()
                    .addKeyValue("model", model)
                    .addKeyValue("language", snapshot.group().language())
                    .addKeyValue("domain", snapshot.group().domain())
                    .addKeyValue("epoch", snapshot.epoch())
                    .addKeyValue("flushes", snapshot.content().flushes())
                    .addKeyValue("flush_digest", snapshot.flushDigest())
                    .addKeyValue("tokens", snapshot.tokens())
                    .log("Snapshot complete");
        });
    }

    private void takeDrift(ConsumerRecord<byte[], byte[]> record) {
        GroupKey group = GroupKey.parse(key(record));
        if (isOfThisModel(group.model(), record.topic())) {
            knowledge.add(group, driftDeserializer.deserialize(record.topic(), record.value()));
        }
    }

    private void takeRelease(ConsumerRecord<byte[], byte[]> record) {
        SubModelKey submodel = SubModelKey.parse(key(record));
        if (!isOfThisModel(submodel.model(), record.topic())) {
            return;
        }
        SubModelRelease release = releaseDeserializer.deserialize(record.topic(), record.value());
        if (!release.key().equals(submodel)) {
            throw new IllegalArgumentException("the release is of " + release.key() + ", the record's key " + submodel);
        }
        if (!release.baseDigest().equals(baseDigest)) {
            throw new IllegalArgumentException(
                    "the release is for base model " + release.baseDigest() + ", but this one is " + baseDigest);
        }
        if (release.keyId().equals(key.id()) && !key.verifies(release)) {
            throw new IllegalArgumentException("the release was changed after key " + key.id() + " signed it");
        }
        knowledge.add(release);
    }

    private void takePrompt(ConsumerRecord<byte[], byte[]> record) {
        Prompt prompt = promptDeserializer.deserialize(record.topic(), record.value());
        if (record.topic().equals(Topics.PROMPTS_PREFIX + prompt.language())) {
            knowledge.add(prompt, record.timestamp());
        }
    }

    private boolean isOfThisModel(String revision, String topic) {
        if (revision.equals(model)) {
            return true;
        }
        if (otherRevisions.size() < REMEMBERED_REVISIONS && otherRevisions.add(revision)) {
            log.atInfo()
                    .addKeyValue("topic", topic)
                    .addKeyValue("model", revision)
                    .addKeyValue("own_model", model)
                    .log("Passing over records of another model");
        }
        return false;
    }

    private static String key(ConsumerRecord<byte[], byte[]> record) {
        if (record.key() == null) {
            throw new IllegalArgumentException("the record has no key");
        }
        return new String(record.key(), StandardCharsets.UTF_8);
    }

    private static String rootMessage(Throwable error) {
        Throwable root = error;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
    }

    @Override
    public void close() {
        statisticsDeserializer.close();
        driftDeserializer.close();
        releaseDeserializer.close();
        promptDeserializer.close();
    }
}
