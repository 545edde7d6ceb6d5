package dev.sparsecast.pruner.command;

import dev.sparsecast.schemas.SubModelCommand;
import dev.sparsecast.schemas.Topics;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.serde.SparsecastSerdes;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serializer;

/** Gives commands. A command that was sent stands in its topic until a pruner has acted on it, whether one runs or not. */
public final class CommandSender implements AutoCloseable {
    private static final Duration LONGEST = Duration.ofSeconds(30);

    private final Producer<byte[], byte[]> producer;
    private final Serializer<SubModelCommand> serializer;

    private CommandSender(Producer<byte[], byte[]> producer, Serializer<SubModelCommand> serializer) {
        this.producer = producer;
        this.serializer = serializer;
    }

    /** A sender to the pruners of a cluster. */
    public static CommandSender open(ClusterSettings cluster) {
        Map<String, Object> settings = cluster.client(Map.of(
                ProducerConfig.CLIENT_ID_CONFIG, "sparsecast-commands",
                ProducerConfig.ACKS_CONFIG, "all",
                ProducerConfig.MAX_BLOCK_MS_CONFIG, Long.toString(LONGEST.toMillis())));
        return new CommandSender(
                new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer()),
                new SparsecastSerdes(cluster).commands().serializer());
    }

    /**
     * Sends a command. When this returns it is in the topic.
     *
     * @throws CommandException if it may not be
     */
    public void send(SubModelCommand command) {
        byte[] key = command.key().command(command.id()).getBytes(StandardCharsets.UTF_8);
        try {
            producer.send(new ProducerRecord<>(
                            Topics.SUBMODEL_COMMANDS, key, serializer.serialize(Topics.SUBMODEL_COMMANDS, command)))
                    .get();
        } catch (ExecutionException e) {
            throw new CommandException(
                    "the command could not be sent: "
                            + Objects.requireNonNull(e.getCause()).getMessage(),
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandException("interrupted while the command was sent", e);
        }
    }

    @Override
    public void close() {
        producer.close();
        serializer.close();
    }
}
