package dev.sparsecast.console.state;

import dev.sparsecast.console.view.EventView;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/** The newest events; they may arrive in any order, since they come from several topics. */
final class Story {
    private static final int MOST_EVENTS = 100;

    private final PriorityQueue<EventView> oldestFirst = new PriorityQueue<>(Comparator.comparing(EventView::at));

    void add(EventView event) {
        oldestFirst.add(event);
        if (oldestFirst.size() > MOST_EVENTS) {
            oldestFirst.remove();
        }
    }

    List<EventView> view() {
        return oldestFirst.stream()
                .sorted(Comparator.comparing(EventView::at).reversed())
                .toList();
    }
}
