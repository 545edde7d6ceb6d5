package dev.sparsecast.producers;

import dev.sparsecast.schemas.Prompt;
import dev.sparsecast.schemas.Topics;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.serde.SparsecastSerdes;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.Nullable;

/** Sends prompts to {@code prompts.<language>}, keyed by their ids, each exactly once per call. Used by one thread. */
public final class PromptProducer implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final KafkaProducer<String, Prompt> producer;

    /**
     * How far a run is.
     *
     * @param sent prompts handed to the broker
     * @param byLanguage the same by language
     */
    public record Sent(long sent, Map<String, Long> byLanguage) {
        public Sent {
            byLanguage = Map.copyOf(byLanguage);
        }
    }

    public PromptProducer(ClusterSettings cluster) {
        this.producer = new KafkaProducer<>(
                cluster.client(Map.of(
                        "client.id",
                        "sparsecast-producer",
                        "enable.idempotence",
                        true,
                        "acks",
                        "all",
                        "linger.ms",
                        5,
                        "compression.type",
                        "zstd",
                        "max.block.ms",
                        PATIENCE.toMillis(),
                        "request.timeout.ms",
                        Math.toIntExact(PATIENCE.toMillis()),
                        "delivery.timeout.ms",
                        Math.toIntExact(2 * PATIENCE.toMillis()))),
                new StringSerializer(),
                new SparsecastSerdes(cluster).prompts().serializer());
    }

    /**
     * Sends prompts in order and returns once the broker has all of them.
     *
     * @param promptsPerSecond most prompts a second on average; infinite for no limit
     * @param progress told after every prompt
     * @throws PromptSourceException if the broker refuses or does not answer
     */
    public Sent send(Iterable<Prompt> prompts, double promptsPerSecond, Consumer<Sent> progress) {
        RateLimit rate = new RateLimit(promptsPerSecond);
        Map<String, Long> byLanguage = new TreeMap<>();
        AtomicReference<@Nullable Failure> failure = new AtomicReference<>();
        long start = System.nanoTime();
        long sent = 0;
        for (Prompt prompt : prompts) {
            pause(rate.next(Duration.ofNanos(System.nanoTime() - start)));
            String topic = Topics.prompts(prompt.language());
            try {
                var unused = producer.send(new ProducerRecord<>(topic, prompt.id(), prompt), (metadata, e) -> {
                    if (e != null) {
                        failure.compareAndSet(null, new Failure(topic, e));
                    }
                });
            } catch (KafkaException e) {
                throw failed(topic, e);
            }
            sent++;
            byLanguage.merge(prompt.language(), 1L, Long::sum);
            progress.accept(new Sent(sent, byLanguage));
            throwIfFailed(failure.get());
        }
        producer.flush();
        throwIfFailed(failure.get());
        return new Sent(sent, byLanguage);
    }

    /** What the broker refused first. */
    private record Failure(String topic, Exception cause) {}

    private static void throwIfFailed(@Nullable Failure failure) {
        if (failure != null) {
            throw failed(failure.topic(), failure.cause());
        }
    }

    private static PromptSourceException failed(String topic, Exception cause) {
        boolean missing = cause instanceof UnknownTopicOrPartitionException
                || (cause instanceof org.apache.kafka.common.errors.TimeoutException
                        && String.valueOf(cause.getMessage()).contains("not present in metadata"));
        return new PromptSourceException(
                missing
                        ? "the topic " + topic + " is missing; create it with 'sparsecast topics --languages "
                                + topic.substring(Topics.PROMPTS_PREFIX.length()) + "'"
                        : "cannot send to " + topic + ": " + cause.getMessage(),
                cause);
    }

    private static void pause(Duration duration) {
        if (!duration.isZero()) {
            try {
                TimeUnit.NANOSECONDS.sleep(duration.toNanos());
            } catch (InterruptedException e) {
                throw new InterruptException(e);
            }
        }
    }

    @Override
    public void close() {
        producer.close(PATIENCE);
    }
}
