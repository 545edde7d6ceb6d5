package dev.sparsecast.cli.deadletters;

import dev.sparsecast.schemas.Topics;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * The topics of dead letters of a cluster. What was replayed is remembered as the offsets of a consumer group, committed in
 * the transaction that sends the records, so that a letter is replayed once however often the command is run or killed.
 */
public final class LetterBox {
    private static final String GROUP = "sparsecast-dead-letters";
    private static final int BATCH = 100;

    private final ClusterSettings cluster;

    public LetterBox(ClusterSettings cluster) {
        this.cluster = cluster;
    }

    /**
     * A topic of dead letters.
     *
     * @param letters how many there are
     * @param waiting how many of them were not replayed
     * @param reasons how many there are for each reason
     */
    public record Content(String topic, long letters, long waiting, Map<String, Long> reasons) {}

    /** What a replay did: how many were sent back, and how many could not be, since they were cut. */
    public record Replayed(String topic, long sent, long cut) {}

    /** All topics of dead letters. */
    public List<String> topics() {
        try (Admin admin = Admin.create(cluster.client(Map.of()))) {
            return admin.listTopics().names().get().stream()
                    .filter(topic -> topic.startsWith(Topics.DEAD_LETTERS_PREFIX))
                    .sorted()
                    .toList();
        } catch (ExecutionException e) {
            throw new DeadLetterException("the topics cannot be listed: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DeadLetterException("interrupted while listing the topics", e);
        }
    }

    /** Counts the letters of a topic by reason. */
    public Content content(String topic) {
        try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
            Map<TopicPartition, Long> replayed = replayedUpTo(consumer, partitions(consumer, topic));
            Map<String, Long> reasons = new TreeMap<>();
            long[] waiting = {0};
            List<Letter> letters = read(consumer, topic, Long.MAX_VALUE, Map.of());
            letters.forEach(letter -> {
                reasons.merge(letter.reason(), 1L, Long::sum);
                waiting[0] += letter.record().offset() >= replayed.getOrDefault(partition(letter), 0L) ? 1 : 0;
            });
            return new Content(topic, letters.size(), waiting[0], reasons);
        }
    }

    /** The first letters of a topic. */
    public List<Letter> letters(String topic, long limit) {
        try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
            return read(consumer, topic, limit, Map.of());
        }
    }

    /** Sends the letters that were not replayed yet where they came from. */
    public Replayed replay(String topic, long limit) {
        try (KafkaConsumer<byte[], byte[]> consumer = consumer();
                KafkaProducer<byte[], byte[]> producer = producer(topic)) {
            producer.initTransactions();
            List<Letter> letters = read(consumer, topic, limit, replayedUpTo(consumer, partitions(consumer, topic)));
            for (int start = 0; start < letters.size(); start += BATCH) {
                send(producer, consumer, letters.subList(start, Math.min(letters.size(), start + BATCH)));
            }
            long whole = letters.stream().filter(Letter::isWhole).count();
            return new Replayed(topic, whole, letters.size() - whole);
        } catch (KafkaException e) {
            throw new DeadLetterException("the letters of " + topic + " cannot be replayed: " + e.getMessage(), e);
        }
    }

    private static void send(
            KafkaProducer<byte[], byte[]> producer, KafkaConsumer<byte[], byte[]> consumer, List<Letter> letters) {
        Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
        producer.beginTransaction();
        for (Letter letter : letters) {
            if (letter.isWhole()) {
                ProducerRecord<byte[], byte[]> again = letter.replay();
                var unused = producer.send(again); // a failed send fails the commit, too
            }
            offsets.put(partition(letter), new OffsetAndMetadata(letter.record().offset() + 1));
        }
        producer.sendOffsetsToTransaction(offsets, consumer.groupMetadata());
        producer.commitTransaction();
    }

    private static TopicPartition partition(Letter letter) {
        return new TopicPartition(letter.record().topic(), letter.record().partition());
    }

    private static Map<TopicPartition, Long> replayedUpTo(
            KafkaConsumer<byte[], byte[]> consumer, List<TopicPartition> partitions) {
        Map<TopicPartition, OffsetAndMetadata> committed = consumer.committed(java.util.Set.copyOf(partitions));
        Map<TopicPartition, Long> offsets = new HashMap<>();
        partitions.forEach(partition -> {
            OffsetAndMetadata offset = committed.get(partition);
            offsets.put(partition, offset == null ? 0 : offset.offset());
        });
        return offsets;
    }

    /** Reads to the present end, from offsets or else from the beginning. */
    private static List<Letter> read(
            KafkaConsumer<byte[], byte[]> consumer, String topic, long limit, Map<TopicPartition, Long> from) {
        List<TopicPartition> partitions = partitions(consumer, topic);
        consumer.assign(partitions);
        Map<TopicPartition, Long> beginnings = consumer.beginningOffsets(partitions);
        partitions.forEach(partition -> consumer.seek(
                partition, Math.max(beginnings.getOrDefault(partition, 0L), from.getOrDefault(partition, 0L))));
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
        List<Letter> letters = new ArrayList<>();
        while (letters.size() < limit
                && partitions.stream()
                        .anyMatch(partition -> consumer.position(partition) < ends.getOrDefault(partition, 0L))) {
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(500))) {
                if (letters.size() < limit) {
                    letters.add(new Letter(record));
                }
            }
        }
        return letters;
    }

    private static List<TopicPartition> partitions(KafkaConsumer<?, ?> consumer, String topic) {
        List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
                .map(info -> new TopicPartition(topic, info.partition()))
                .toList();
        if (!topic.startsWith(Topics.DEAD_LETTERS_PREFIX) || partitions.isEmpty()) {
            throw new DeadLetterException("there are no dead letters in " + topic
                    + "; 'sparsecast dead-letters list' tells the topics that there are");
        }
        return partitions;
    }

    private KafkaConsumer<byte[], byte[]> consumer() {
        return new KafkaConsumer<>(
                cluster.client(Map.of(
                        "group.id",
                        GROUP,
                        "isolation.level",
                        "read_committed",
                        "enable.auto.commit",
                        false,
                        "allow.auto.create.topics",
                        false)),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
    }

    private KafkaProducer<byte[], byte[]> producer(String topic) {
        return new KafkaProducer<>(
                cluster.client(
                        Map.of("transactional.id", GROUP + "-" + topic, "acks", "all", "max.request.size", 8 << 20)),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }
}
