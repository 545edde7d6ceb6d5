package dev.sparsecast.cli.cluster;

import dev.sparsecast.schemas.cluster.TopicCatalogue.TopicSpecification;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.TopicExistsException;

/** Creates the topics that are not there, leaves those that are, and tells where they are not as they should be. */
public final class TopicSetup {
    private TopicSetup() {}

    /**
     * What was done.
     *
     * @param created names of the topics that were made
     * @param existing names of the topics that were there
     * @param differences where those that were there are not as specified
     */
    public record Outcome(List<String> created, List<String> existing, List<Difference> differences) {}

    /** A property of a topic that is not as specified; nothing was changed about it. */
    public record Difference(String topic, String property, String expected, String actual) {}

    /**
     * Creates what is missing. Several may do so at once.
     *
     * @param replicationFactor replicas of every partition; empty for the broker's default
     */
    public static Outcome create(
            Admin admin, Collection<TopicSpecification> topics, Optional<Short> replicationFactor) {
        try {
            Set<String> names = admin.listTopics().names().get();
            Set<String> created = new TreeSet<>();
            Map<String, TopicSpecification> existing = new TreeMap<>();
            List<NewTopic> missing = new ArrayList<>();
            for (TopicSpecification topic : topics) {
                if (names.contains(topic.name())) {
                    existing.put(topic.name(), topic);
                } else {
                    missing.add(new NewTopic(topic.name(), Optional.of(topic.partitions()), replicationFactor)
                            .configs(topic.settings()));
                }
            }
            for (Map.Entry<String, KafkaFuture<Void>> made :
                    admin.createTopics(missing).values().entrySet()) {
                if (isCreated(made.getValue())) {
                    created.add(made.getKey());
                } else {
                    topics.stream()
                            .filter(topic -> topic.name().equals(made.getKey()))
                            .forEach(topic -> existing.put(topic.name(), topic));
                }
            }
            return new Outcome(List.copyOf(created), List.copyOf(existing.keySet()), differences(admin, existing));
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new ClusterUnavailableException("The topics cannot be created: " + cause.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ClusterUnavailableException("Interrupted while creating the topics.", e);
        }
    }

    private static boolean isCreated(KafkaFuture<Void> creation) throws ExecutionException, InterruptedException {
        try {
            creation.get();
            return true;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof TopicExistsException) {
                return false;
            }
            throw e;
        }
    }

    private static List<Difference> differences(Admin admin, Map<String, TopicSpecification> existing)
            throws ExecutionException, InterruptedException {
        Map<String, TopicDescription> descriptions =
                admin.describeTopics(existing.keySet()).allTopicNames().get();
        Map<ConfigResource, Config> configurations = admin.describeConfigs(
                        existing.keySet().stream().map(TopicSetup::resource).toList())
                .all()
                .get();
        List<Difference> differences = new ArrayList<>();
        existing.forEach((name, topic) -> {
            Map<String, String> actual = new TreeMap<>();
            Objects.requireNonNull(configurations.get(resource(name)), name)
                    .entries()
                    .forEach(entry -> actual.put(entry.name(), String.valueOf(entry.value())));
            actual.put(
                    "partitions",
                    String.valueOf(Objects.requireNonNull(descriptions.get(name), name)
                            .partitions()
                            .size()));
            Map<String, String> expected = new TreeMap<>(topic.settings());
            expected.put("partitions", String.valueOf(topic.partitions()));
            expected.forEach((property, value) -> {
                String found = actual.getOrDefault(property, "(unset)");
                if (!sameSet(value, found)) {
                    differences.add(new Difference(name, property, value, found));
                }
            });
        });
        return List.copyOf(differences);
    }

    /** Lists such as {@code compact,delete} mean the same in any order. */
    private static boolean sameSet(String expected, String actual) {
        return Set.copyOf(List.of(expected.split(",", -1))).equals(Set.copyOf(List.of(actual.split(",", -1))));
    }

    private static ConfigResource resource(String topic) {
        return new ConfigResource(ConfigResource.Type.TOPIC, topic);
    }
}
