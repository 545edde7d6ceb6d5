package dev.sparsecast.schemas.cluster;

import dev.sparsecast.schemas.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/** Every topic that Sparsecast needs, with its partitions and settings. */
public final class TopicCatalogue {
    private static final String CLEANUP = "cleanup.policy";
    private static final String RETENTION = "retention.ms";

    private TopicCatalogue() {}

    /**
     * A topic to create.
     *
     * @param settings topic-level settings of Kafka
     */
    public record TopicSpecification(String name, int partitions, Map<String, String> settings) {}

    /**
     * The topics for prompts of some languages.
     *
     * @param languages languages that prompts come in
     * @param partitions partitions of every topic that is spread for throughput
     */
    public static List<TopicSpecification> topics(Collection<String> languages, int partitions) {
        List<TopicSpecification> topics = new ArrayList<>();
        for (String language : languages) {
            topics.add(deleted(Topics.prompts(language), partitions, Duration.ofDays(7)));
            topics.add(deleted(Topics.deadLetters(Topics.prompts(language)), 1, Duration.ofDays(30)));
        }
        topics.add(deleted(Topics.ACTIVATION_NORMS, partitions, Duration.ofHours(24)));
        topics.add(deleted(Topics.deadLetters(Topics.ACTIVATION_NORMS), 1, Duration.ofDays(30)));
        topics.add(compacted(Topics.ACTIVATION_STATISTICS, partitions));
        topics.add(new TopicSpecification(
                Topics.ACTIVATION_DRIFT,
                partitions,
                Map.of(CLEANUP, "compact,delete", RETENTION, millis(Duration.ofDays(7)))));
        topics.add(compacted(Topics.SUBMODEL_RELEASES, 1));
        topics.add(deleted(Topics.deadLetters(Topics.SUBMODEL_RELEASES), 1, Duration.ofDays(30)));
        topics.add(compacted(Topics.SUBMODEL_DEPLOYMENTS, 1));
        topics.add(compacted(Topics.SUBMODEL_COMMANDS, 1));
        topics.add(deleted(Topics.SUBMODEL_DECISIONS, 1, Duration.ofDays(30)));
        return List.copyOf(topics);
    }

    private static TopicSpecification deleted(String name, int partitions, Duration retention) {
        return new TopicSpecification(name, partitions, Map.of(CLEANUP, "delete", RETENTION, millis(retention)));
    }

    private static TopicSpecification compacted(String name, int partitions) {
        return new TopicSpecification(name, partitions, Map.of(CLEANUP, "compact"));
    }

    private static String millis(Duration duration) {
        return Long.toString(duration.toMillis());
    }
}
