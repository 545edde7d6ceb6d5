package dev.sparsecast.pruner.service;

import dev.sparsecast.schemas.ActivationStatistics;
import dev.sparsecast.schemas.DriftReport;
import dev.sparsecast.schemas.GroupKey;
import dev.sparsecast.schemas.LayerKey;
import dev.sparsecast.schemas.Prompt;
import dev.sparsecast.schemas.SubModelCommand;
import dev.sparsecast.schemas.SubModelDecision;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.Topics;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.serde.SparsecastSerdes;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/** The topics in memory: what a test put there before the start, and what it or the pruner adds later. */
final class FakeTopics {
    static final SparsecastSerdes SERDES =
            new SparsecastSerdes(new ClusterSettings("nowhere:1", "mock://pruner-service-test"));

    private final List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
    private final Set<String> existing = new HashSet<>();

    FakeTopics with(LayerKey key, ActivationStatistics statistics) {
        return bytes(
                Topics.ACTIVATION_STATISTICS,
                key.toString(),
                SERDES.activationStatistics().serializer().serialize(Topics.ACTIVATION_STATISTICS, statistics));
    }

    FakeTopics with(GroupKey group, List<ActivationStatistics> layers) {
        for (int layer = 0; layer < layers.size(); layer++) {
            with(group.layer(layer), layers.get(layer));
        }
        return this;
    }

    FakeTopics with(GroupKey key, DriftReport report) {
        return bytes(
                Topics.ACTIVATION_DRIFT,
                key.toString(),
                SERDES.driftReports().serializer().serialize(Topics.ACTIVATION_DRIFT, report));
    }

    FakeTopics with(SubModelRelease release) {
        return bytes(
                Topics.SUBMODEL_RELEASES,
                release.key().toString(),
                SERDES.releases().serializer().serialize(Topics.SUBMODEL_RELEASES, release));
    }

    FakeTopics with(SubModelCommand command) {
        return bytes(
                Topics.SUBMODEL_COMMANDS,
                command.key().command(command.id()),
                SERDES.commands().serializer().serialize(Topics.SUBMODEL_COMMANDS, command));
    }

    FakeTopics with(SubModelDecision decision) {
        return bytes(
                Topics.SUBMODEL_DECISIONS,
                decision.key().toString(),
                SERDES.decisions().serializer().serialize(Topics.SUBMODEL_DECISIONS, decision));
    }

    /** What an announcement puts into the topics. */
    FakeTopics with(Announcement announcement) {
        announcement.release().ifPresent(this::with);
        announcement.decisions().forEach(this::with);
        announcement
                .done()
                .forEach(
                        command -> bytes(Topics.SUBMODEL_COMMANDS, command.key().command(command.id()), null));
        return this;
    }

    FakeTopics with(List<Prompt> prompts) {
        for (Prompt prompt : prompts) {
            String topic = Topics.prompts(prompt.language());
            bytes(topic, prompt.id(), SERDES.prompts().serializer().serialize(topic, prompt));
        }
        return this;
    }

    FakeTopics bytes(String topic, @Nullable String key, byte @Nullable [] value) {
        synchronized (records) {
            records.add(new ConsumerRecord<>(
                    topic, 0, records.size(), key == null ? null : key.getBytes(StandardCharsets.UTF_8), value));
        }
        return this;
    }

    /** As if nobody had ever written anything. */
    void clear() {
        synchronized (records) {
            records.clear();
        }
    }

    FakeTopics existing(String topic) {
        existing.add(topic);
        return this;
    }

    /** A reader that starts from the beginning and hands out a few records at a time. */
    RecordSource read() {
        int end = records.size();
        return new RecordSource() {
            private int next;

            @Override
            public Iterable<ConsumerRecord<byte[], byte[]>> poll(Duration timeout) {
                synchronized (records) {
                    int from = next;
                    next = Math.min(records.size(), next + 3);
                    if (next > from) {
                        return List.copyOf(records.subList(from, next));
                    }
                }
                Thread.yield();
                return List.of();
            }

            @Override
            public boolean isCaughtUp() {
                return next >= end;
            }

            @Override
            public void follow(Collection<String> languages) {}

            @Override
            public boolean hasTopic(String topic) {
                return existing.contains(topic);
            }

            @Override
            public void close() {}
        };
    }
}
