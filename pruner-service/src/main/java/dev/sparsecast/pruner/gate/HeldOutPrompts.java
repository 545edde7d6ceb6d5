package dev.sparsecast.pruner.gate;

import dev.sparsecast.schemas.HeldOut;
import dev.sparsecast.schemas.Prompt;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * The most recent held-out prompts of each group, each id once. Which those are depends on the prompts and their times
 * alone, not on the order in which partitions are read, so a restart arrives at the same ones.
 */
public final class HeldOutPrompts {
    private final int capacity;
    private final Map<String, Recent> groups = new HashMap<>();

    /**
     * Empty.
     *
     * @param capacity prompts kept of each group
     */
    public HeldOutPrompts(int capacity) {
        this.capacity = capacity;
    }

    private record Received(long at, Prompt prompt) {
        static final Comparator<Received> OLDEST_FIRST = Comparator.comparingLong(Received::at)
                .thenComparing(received -> received.prompt().id());
    }

    private static final class Recent {
        private final TreeSet<Received> prompts = new TreeSet<>(Received.OLDEST_FIRST);
        private final Map<String, Received> byId = new HashMap<>();

        void add(Received received, int capacity) {
            Received known = byId.get(received.prompt().id());
            if (known != null) {
                if (known.at() >= received.at()) {
                    return;
                }
                prompts.remove(known);
            }
            prompts.add(received);
            byId.put(received.prompt().id(), received);
            if (prompts.size() > capacity) {
                byId.remove(prompts.removeFirst().prompt().id());
            }
        }
    }

    /**
     * Keeps the prompt if it is held out.
     *
     * @param at its time, in milliseconds since 1970
     */
    public void add(Prompt prompt, long at) {
        if (HeldOut.contains(prompt.id()) && !prompt.text().isBlank()) {
            groups.computeIfAbsent(group(prompt.language(), prompt.domain()), ignored -> new Recent())
                    .add(new Received(at, prompt), capacity);
        }
    }

    /** The newest {@code count} of a group, or all if there are fewer, oldest first. */
    public List<Prompt> newest(String language, String domain, int count) {
        Recent recent = groups.get(group(language, domain));
        if (recent == null) {
            return List.of();
        }
        List<Prompt> newest = new ArrayList<>();
        for (Received received : recent.prompts.descendingSet()) {
            if (newest.size() == count) {
                break;
            }
            newest.add(received.prompt());
        }
        return List.copyOf(newest.reversed());
    }

    private static String group(String language, String domain) {
        return language + "/" + domain;
    }
}
