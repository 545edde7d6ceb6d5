package dev.sparsecast.pruner.service;

import dev.sparsecast.pruner.snapshot.GroupSnapshot;
import dev.sparsecast.schemas.ActivationStatistics;
import dev.sparsecast.schemas.DriftReport;
import dev.sparsecast.schemas.GroupKey;
import dev.sparsecast.schemas.LayerKey;
import dev.sparsecast.schemas.Prompt;
import dev.sparsecast.schemas.SubModelCommand;
import dev.sparsecast.schemas.SubModelDecision;
import dev.sparsecast.schemas.SubModelKey;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.Topics;
import dev.sparsecast.schemas.serde.SparsecastSerdes;
import dev.sparsecast.schemas.signing.VerifyingKey;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
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
    private final List<VerifyingKey> trusted;
    private final Knowledge knowledge;
    private final DeadLetters deadLetters;
    private final PrunerMetrics metrics;
    private final Set<String> otherRevisions = new HashSet<>();
    private final Deserializer<ActivationStatistics> statisticsDeserializer;
    private final Deserializer<DriftReport> driftDeserializer;
    private final Deserializer<SubModelRelease> releaseDeserializer;
    private final Deserializer<SubModelCommand> commandDeserializer;
    private final Deserializer<SubModelDecision> decisionDeserializer;
    private final Deserializer<Prompt> promptDeserializer;

    /**
     * @param model revision of the base model; records of others are passed over
     * @param baseDigest the base model's digest
     * @param trusted keys that releases may be signed with: that of this pruner, and those before it
     */
    RecordIntake(
            String model,
            String baseDigest,
            Collection<VerifyingKey> trusted,
            SparsecastSerdes serdes,
            Knowledge knowledge,
            DeadLetters deadLetters,
            PrunerMetrics metrics) {
        this.model = model;
        this.baseDigest = baseDigest;
        this.trusted = List.copyOf(trusted);
        this.knowledge = knowledge;
        this.deadLetters = deadLetters;
        this.metrics = metrics;
        this.statisticsDeserializer = serdes.activationStatistics().deserializer();
        this.driftDeserializer = serdes.driftReports().deserializer();
        this.releaseDeserializer = serdes.releases().deserializer();
        this.commandDeserializer = serdes.commands().deserializer();
        this.decisionDeserializer = serdes.decisions().deserializer();
        this.promptDeserializer = serdes.prompts().deserializer();
    }

    /**
     * Takes a record in.
     *
     * @param isNew whether it came after the start
     * @throws RegistryOutage if the registry did not answer; the record is to be taken again
     */
    void take(ConsumerRecord<byte[], byte[]> record, boolean isNew) {
        try {
            if (record.value() == null) {
                takeTombstone(record);
                return;
            }
            switch (record.topic()) {
                case Topics.ACTIVATION_STATISTICS -> takeStatistics(record);
                case Topics.ACTIVATION_DRIFT -> takeDrift(record);
                case Topics.SUBMODEL_RELEASES -> takeRelease(record);
                case Topics.SUBMODEL_COMMANDS -> takeCommand(record);
                case Topics.SUBMODEL_DECISIONS -> takeDecision(record);
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
        if (trusted.stream().noneMatch(key -> key.verifies(release))) {
            throw new IllegalArgumentException("the release names the key '" + release.keyId()
                    + "', which is not trusted here or did not sign it as it stands");
        }
        knowledge.add(release);
    }

    /** A command's is its end; for all else, what was known of the key stays known until something newer comes. */
    private void takeTombstone(ConsumerRecord<byte[], byte[]> record) {
        if (record.topic().equals(Topics.SUBMODEL_COMMANDS)) {
            String key = key(record);
            knowledge.forgetCommand(key.substring(key.lastIndexOf('/') + 1));
        }
    }

    private void takeCommand(ConsumerRecord<byte[], byte[]> record) {
        SubModelCommand command = commandDeserializer.deserialize(record.topic(), record.value());
        if (!command.key().command(command.id()).equals(key(record))) {
            throw new IllegalArgumentException(
                    "the command is " + command.key().command(command.id()) + ", the record's key " + key(record));
        }
        if (isOfThisModel(command.model(), record.topic())) {
            knowledge.add(command);
        }
    }

    private void takeDecision(ConsumerRecord<byte[], byte[]> record) {
        SubModelDecision decision = decisionDeserializer.deserialize(record.topic(), record.value());
        if (isOfThisModel(decision.model(), record.topic())) {
            knowledge.add(decision);
        }
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
        commandDeserializer.close();
        decisionDeserializer.close();
        promptDeserializer.close();
    }
}
