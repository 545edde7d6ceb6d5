package dev.sparsecast.console.feed;

import dev.sparsecast.console.state.PipelineState;
import dev.sparsecast.schemas.ActivationNorms;
import dev.sparsecast.schemas.ActivationStatistics;
import dev.sparsecast.schemas.DriftReport;
import dev.sparsecast.schemas.GroupKey;
import dev.sparsecast.schemas.LayerKey;
import dev.sparsecast.schemas.Prompt;
import dev.sparsecast.schemas.SubModelDeployment;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.Topics;
import dev.sparsecast.schemas.serde.SparsecastSerdes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;

/** Decodes a record of any topic and tells the state what it says. */
final class RecordReader implements AutoCloseable {
    /** The header in which workers and streams say why a record is a dead letter. */
    private static final String REASON = "sparsecast.dead-letter.reason";

    private final PipelineState state;
    private final Deserializer<Prompt> prompts;
    private final Deserializer<ActivationNorms> norms;
    private final Deserializer<ActivationStatistics> statistics;
    private final Deserializer<DriftReport> drift;
    private final Deserializer<SubModelRelease> releases;
    private final Deserializer<SubModelDeployment> deployments;

    RecordReader(SparsecastSerdes serdes, PipelineState state) {
        this.state = state;
        this.prompts = serdes.prompts().deserializer();
        this.norms = serdes.activationNorms().deserializer();
        this.statistics = serdes.activationStatistics().deserializer();
        this.drift = serdes.driftReports().deserializer();
        this.releases = serdes.releases().deserializer();
        this.deployments = serdes.deployments().deserializer();
    }

    /** Whether the console reads a topic. */
    static boolean reads(String topic) {
        return topic.startsWith(Topics.PROMPTS_PREFIX)
                || topic.startsWith(Topics.DEAD_LETTERS_PREFIX)
                || switch (topic) {
                    case Topics.ACTIVATION_NORMS,
                            Topics.ACTIVATION_STATISTICS,
                            Topics.ACTIVATION_DRIFT,
                            Topics.SUBMODEL_RELEASES,
                            Topics.SUBMODEL_DEPLOYMENTS -> true;
                    default -> false;
                };
    }

    /**
     * Tells the state what a record says. A record that cannot be decoded is counted; a tombstone says nothing.
     *
     * @throws RegistryUnavailableException if the registry does not answer, so that the record is to be read again later
     */
    void read(ConsumerRecord<byte[], byte[]> message) {
        try {
            decode(message);
        } catch (SerializationException | IllegalArgumentException e) {
            if (isUnavailable(e)) {
                throw new RegistryUnavailableException(e);
            }
            state.undecodable(message.topic(), String.valueOf(e.getMessage()));
        }
    }

    private void decode(ConsumerRecord<byte[], byte[]> message) {
        String topic = message.topic();
        byte @Nullable [] value = message.value();
        if (topic.startsWith(Topics.DEAD_LETTERS_PREFIX)) {
            state.deadLetter(topic, reason(message));
        } else if (value == null) {
            return;
        } else if (topic.startsWith(Topics.PROMPTS_PREFIX)) {
            state.prompt(prompts.deserialize(topic, value), Instant.ofEpochMilli(message.timestamp()));
        } else {
            decode(topic, key(message), value);
        }
    }

    private void decode(String topic, String key, byte[] value) {
        switch (topic) {
            case Topics.ACTIVATION_NORMS -> state.norms(LayerKey.parse(key), norms.deserialize(topic, value));
            case Topics.ACTIVATION_STATISTICS ->
                state.statistics(LayerKey.parse(key), statistics.deserialize(topic, value));
            case Topics.ACTIVATION_DRIFT -> state.drift(GroupKey.parse(key), drift.deserialize(topic, value));
            case Topics.SUBMODEL_RELEASES -> state.release(releases.deserialize(topic, value));
            case Topics.SUBMODEL_DEPLOYMENTS -> state.deployment(deployments.deserialize(topic, value));
            default -> throw new IllegalArgumentException("the console knows no topic " + topic);
        }
    }

    private static String key(ConsumerRecord<byte[], byte[]> message) {
        byte @Nullable [] key = message.key();
        return key == null ? "" : new String(key, StandardCharsets.UTF_8);
    }

    private static String reason(ConsumerRecord<byte[], byte[]> message) {
        Header header = message.headers().lastHeader(REASON);
        return header == null || header.value() == null ? "" : new String(header.value(), StandardCharsets.UTF_8);
    }

    /** A registry that cannot be reached shows as an input or output problem somewhere among the causes. */
    private static boolean isUnavailable(Throwable problem) {
        for (Throwable cause = problem; cause != null; cause = cause.getCause()) {
            if (cause instanceof IOException) {
                return true;
            }
        }
        return false;
    }

    @Override
    public void close() {
        prompts.close();
        norms.close();
        statistics.close();
        drift.close();
        releases.close();
        deployments.close();
    }

    /** The registry does not answer. */
    static final class RegistryUnavailableException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        RegistryUnavailableException(Throwable cause) {
            super("The schema registry does not answer: " + cause.getMessage(), cause);
        }
    }
}
