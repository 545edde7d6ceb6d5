package dev.sparsecast.pruner.service;

import dev.sparsecast.schemas.SubModelCommand;
import dev.sparsecast.schemas.SubModelDecision;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.Topics;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.serde.SparsecastSerdes;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serializer;

/**
 * Announces releases, decisions and what became of commands, each announcement in a transaction of its own. A second
 * announcer of the same model fences the first: from then on that one can announce nothing, and what it had begun to
 * announce is undone.
 */
final class ReleaseAnnouncer implements Announcer {
    private static final int COMMIT_ATTEMPTS = 3;
    private static final TopicPartition ANY = new TopicPartition(Topics.SUBMODEL_RELEASES, 0);

    private final Producer<byte[], byte[]> producer;
    private final Serializer<SubModelRelease> releases;
    private final Serializer<SubModelDecision> decisions;
    private final ConsumerGroupMetadata group;

    /**
     * Takes over from whoever announced under the producer's transactional id before.
     *
     * @param group a group that nobody is in, to {@link #confirm} with
     */
    ReleaseAnnouncer(Producer<byte[], byte[]> producer, SparsecastSerdes serdes, ConsumerGroupMetadata group) {
        this.producer = producer;
        this.releases = serdes.releases().serializer();
        this.decisions = serdes.decisions().serializer();
        this.group = group;
        producer.initTransactions();
    }

    static ReleaseAnnouncer open(ClusterSettings cluster, String model) {
        String transactionalId = "sparsecast-pruner-" + model;
        Map<String, Object> settings = cluster.client(Map.of(
                ProducerConfig.CLIENT_ID_CONFIG, "sparsecast-pruner",
                ProducerConfig.TRANSACTIONAL_ID_CONFIG, transactionalId,
                ProducerConfig.ACKS_CONFIG, "all"));
        Producer<byte[], byte[]> producer =
                new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
        try {
            return new ReleaseAnnouncer(producer, new SparsecastSerdes(cluster), group(cluster, transactionalId));
        } catch (TimeoutException e) {
            producer.close();
            throw new PrunerException(
                    "no broker answers at " + cluster.bootstrapServers()
                            + "; check --bootstrap-servers and that it runs",
                    e);
        } catch (RuntimeException e) {
            producer.close();
            throw e;
        }
    }

    private static ConsumerGroupMetadata group(ClusterSettings cluster, String name) {
        Map<String, Object> settings = cluster.client(Map.of(ConsumerConfig.GROUP_ID_CONFIG, name));
        try (var consumer = new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            return consumer.groupMetadata();
        }
    }

    @Override
    public void announce(Announcement announcement) {
        // Before the transaction: a registry that does not answer must not leave one open.
        List<ProducerRecord<byte[], byte[]>> records = records(announcement);
        try {
            producer.beginTransaction();
            for (ProducerRecord<byte[], byte[]> record : records) {
                // What becomes of the record is what becomes of the transaction.
                var unused = producer.send(record);
            }
            commit();
        } catch (KafkaException e) {
            throw failed(announcement.label() + " may or may not have been announced", e);
        }
    }

    private List<ProducerRecord<byte[], byte[]>> records(Announcement announcement) {
        List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
        announcement
                .release()
                .ifPresent(release -> records.add(new ProducerRecord<>(
                        Topics.SUBMODEL_RELEASES,
                        bytes(release.key().toString()),
                        releases.serialize(Topics.SUBMODEL_RELEASES, release))));
        for (SubModelDecision decision : announcement.decisions()) {
            records.add(new ProducerRecord<>(
                    Topics.SUBMODEL_DECISIONS,
                    bytes(decision.key().toString()),
                    decisions.serialize(Topics.SUBMODEL_DECISIONS, decision)));
        }
        for (SubModelCommand command : announcement.done()) {
            records.add(new ProducerRecord<>(
                    Topics.SUBMODEL_COMMANDS, bytes(command.key().command(command.id())), null));
        }
        return records;
    }

    private static byte[] bytes(String key) {
        return key.getBytes(StandardCharsets.UTF_8);
    }

    private void commit() {
        for (int attempt = 1; ; attempt++) {
            try {
                producer.commitTransaction();
                return;
            } catch (TimeoutException e) {
                if (attempt == COMMIT_ATTEMPTS) {
                    throw e;
                }
            }
        }
    }

    /** Committing offsets as part of a transaction makes the broker check who asks; the transaction is then dropped. */
    @Override
    public void confirm() {
        try {
            producer.beginTransaction();
            producer.sendOffsetsToTransaction(Map.of(ANY, new OffsetAndMetadata(0)), group);
            producer.abortTransaction();
        } catch (KafkaException e) {
            throw failed("it cannot be told whether this pruner is still in charge", e);
        }
    }

    private static PrunerException failed(String what, KafkaException cause) {
        if (cause instanceof ProducerFencedException || cause instanceof InvalidProducerEpochException) {
            return new ReplacedException(cause);
        }
        return new PrunerException(
                what + "; start the pruner again, it will read the topic (" + cause.getMessage() + ")", cause);
    }

    @Override
    public void close() {
        producer.close();
        releases.close();
        decisions.close();
    }
}
