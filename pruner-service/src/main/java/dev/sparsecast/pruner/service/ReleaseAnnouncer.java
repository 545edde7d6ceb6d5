package dev.sparsecast.pruner.service;

import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.Topics;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.serde.SparsecastSerdes;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.serialization.StringSerializer;

/** Announces releases, each in a transaction of its own. Starting a second pruner for a model fences the first. */
final class ReleaseAnnouncer implements AutoCloseable {
    private final KafkaProducer<String, SubModelRelease> producer;

    ReleaseAnnouncer(ClusterSettings cluster, String model) {
        this.producer = new KafkaProducer<>(
                cluster.client(Map.of(
                        "client.id",
                        "sparsecast-pruner",
                        "transactional.id",
                        "sparsecast-pruner-" + model,
                        "acks",
                        "all")),
                new StringSerializer(),
                new SparsecastSerdes(cluster).releases().serializer());
        producer.initTransactions();
    }

    void announce(SubModelRelease release) {
        try {
            producer.beginTransaction();
            var unused = producer.send(
                    new ProducerRecord<>(Topics.SUBMODEL_RELEASES, release.key().toString(), release));
            producer.commitTransaction();
        } catch (ProducerFencedException e) {
            throw new PrunerException("another pruner for this model has started; this one stops", e);
        }
    }

    @Override
    public void close() {
        producer.close();
    }
}
