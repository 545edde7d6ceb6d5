package dev.sparsecast.feed.event;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Names an event: {@code <topic id>-<offset>}. The topic's id is in it so that a topic that was deleted and made anew gives no
 * id a second time.
 *
 * @param topic Kafka's id of the topic
 * @param offset place in the topic, ascending with gaps
 */
public record EventId(String topic, long offset) {
    private static final Pattern TEXT = Pattern.compile("([A-Za-z0-9_-]{1,64})-([0-9]{1,18})");

    /** The id that a text stands for; empty if it is none. */
    public static Optional<EventId> parse(String text) {
        Matcher matcher = TEXT.matcher(text);
        return matcher.matches()
                ? Optional.of(new EventId(matcher.group(1), Long.parseLong(matcher.group(2))))
                : Optional.empty();
    }

    @Override
    public String toString() {
        return topic + "-" + offset;
    }
}
