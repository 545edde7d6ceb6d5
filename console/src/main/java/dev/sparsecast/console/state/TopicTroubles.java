package dev.sparsecast.console.state;

import dev.sparsecast.console.view.TopicCount;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/** Records that something is wrong with, counted by topic. */
final class TopicTroubles {
    private static final int MOST_TOPICS = 200;
    private static final int LONGEST_REASON = 300;

    private final Map<String, TopicCount> topics = new BoundedMap<>(MOST_TOPICS);

    void add(String topic, String reason) {
        String shown = reason.length() > LONGEST_REASON ? reason.substring(0, LONGEST_REASON) + "…" : reason;
        topics.merge(
                topic,
                new TopicCount(topic, 1, shown),
                (before, one) -> new TopicCount(topic, before.records() + 1, one.lastReason()));
    }

    List<TopicCount> view() {
        return topics.values().stream()
                .sorted(Comparator.comparing(TopicCount::topic))
                .toList();
    }
}
