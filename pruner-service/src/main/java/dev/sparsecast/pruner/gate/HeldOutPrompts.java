package dev.sparsecast.pruner.gate;

import dev.sparsecast.schemas.HeldOut;
import dev.sparsecast.schemas.Prompt;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The most recent held-out prompts of each group, each id once. */
public final class HeldOutPrompts {
    private final int capacity;
    private final Map<String, Deque<Prompt>> groups = new HashMap<>();
    private final Map<String, Set<String>> ids = new HashMap<>();

    /**
     * Empty.
     *
     * @param capacity prompts kept of each group
     */
    public HeldOutPrompts(int capacity) {
        this.capacity = capacity;
    }

    /** Keeps the prompt if it is held out. */
    public void add(Prompt prompt) {
        if (!HeldOut.contains(prompt.id())) {
            return;
        }
        String group = prompt.language() + "/" + prompt.domain();
        Set<String> known = ids.computeIfAbsent(group, ignored -> new HashSet<>());
        if (!known.add(prompt.id())) {
            return;
        }
        Deque<Prompt> prompts = groups.computeIfAbsent(group, ignored -> new ArrayDeque<>());
        prompts.addLast(prompt);
        if (prompts.size() > capacity) {
            known.remove(prompts.removeFirst().id());
        }
    }

    /** The newest {@code count} of a group, or all if there are fewer, oldest first. */
    public List<Prompt> newest(String language, String domain, int count) {
        List<Prompt> prompts = new ArrayList<>(groups.getOrDefault(language + "/" + domain, new ArrayDeque<>()));
        return List.copyOf(prompts.subList(Math.max(0, prompts.size() - count), prompts.size()));
    }
}
