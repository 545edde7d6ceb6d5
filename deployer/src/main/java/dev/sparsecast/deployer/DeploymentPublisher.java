package dev.sparsecast.deployer;

import dev.sparsecast.schemas.SubModelDeployment;
import dev.sparsecast.schemas.Topics;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;

/** Sends acknowledgements and dead letters, and waits until the broker has them. */
final class DeploymentPublisher {
    private static final long TIMEOUT_SECONDS = 150; // above Kafka's own delivery timeout

    private final Producer<byte[], byte[]> producer;
    private final Serializer<SubModelDeployment> serializer;

    DeploymentPublisher(Producer<byte[], byte[]> producer, Serializer<SubModelDeployment> serializer) {
        this.producer = producer;
        this.serializer = serializer;
    }

    /**
     * Acknowledges a release.
     *
     * @throws DeployerException if the broker or the registry do not take it
     */
    void acknowledge(SubModelDeployment deployment) {
        byte[] value;
        try {
            value = serializer.serialize(Topics.SUBMODEL_DEPLOYMENTS, deployment);
        } catch (KafkaException e) {
            throw new DeployerException(
                    "the schema registry does not take the acknowledgement (" + e.getMessage() + "): check it", e);
        }
        send(new ProducerRecord<>(
                Topics.SUBMODEL_DEPLOYMENTS, deployment.key().getBytes(StandardCharsets.UTF_8), value));
    }

    /** Puts a record aside as it was received, with the reason in its headers. */
    void putAside(ConsumerRecord<byte @Nullable [], byte @Nullable []> message, String deployer, String reason) {
        ProducerRecord<byte[], byte[]> letter = new ProducerRecord<>(
                Topics.deadLetters(message.topic()), null, message.key(), message.value(), message.headers());
        header(letter, "reason", reason);
        header(letter, "topic", message.topic());
        header(letter, "partition", Integer.toString(message.partition()));
        header(letter, "offset", Long.toString(message.offset()));
        header(letter, "deployer", deployer);
        send(letter);
    }

    private static void header(ProducerRecord<byte[], byte[]> letter, String name, String value) {
        letter.headers().add("sparsecast.dead-letter." + name, value.getBytes(StandardCharsets.UTF_8));
    }

    private void send(ProducerRecord<byte[], byte[]> message) {
        try {
            producer.send(message).get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException | KafkaException e) {
            throw new DeployerException(
                    "the broker does not take a record on topic " + message.topic() + " (" + e.getMessage()
                            + "): check the broker and the topic",
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DeployerException("interrupted while sending to topic " + message.topic(), e);
        }
    }
}
