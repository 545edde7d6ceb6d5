package dev.sparsecast.pruner.snapshot;

import dev.sparsecast.checkpoint.ModelConfig;
import dev.sparsecast.schemas.ActivationStatistics;
import dev.sparsecast.schemas.GroupKey;
import dev.sparsecast.schemas.LayerKey;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Finds snapshots in the stream of per-layer statistics of one model. Layers live in different partitions and arrive at
 * different times; a snapshot of a group is complete when every layer shows the same {@link SnapshotContent}: epoch,
 * flush-set digest and token counts, lifetime and decayed, bit for bit. Nothing else ever comes out.
 *
 * <p>Of each layer the last few statistics are kept, so that one that runs ahead does not keep the others from ever
 * meeting it. What is no newer than the newest snapshot is dropped, so between snapshots hardly more than one snapshot's
 * worth is held. Used by one thread.
 */
public final class SnapshotAssembler {
    static final int KEPT_PER_LAYER = 8;

    private final ModelConfig config;
    private final Clock clock;
    private final Map<GroupKey, List<Deque<LayerStatistics>>> waiting = new HashMap<>();
    private final Map<GroupKey, GroupSnapshot> newest = new HashMap<>();

    public SnapshotAssembler(ModelConfig config, Clock clock) {
        this.config = config;
        this.clock = clock;
    }

    /**
     * Takes one layer's statistics; returns the group's snapshot if that completes a newer one than before.
     *
     * @throws IllegalArgumentException if the statistics cannot be of this model; they are then not taken
     */
    public Optional<GroupSnapshot> add(LayerKey key, ActivationStatistics statistics) {
        LayerStatistics added = LayerStatistics.of(key.layer(), statistics, config);
        if (!isNews(key.group(), added.content())) {
            return Optional.empty();
        }
        List<Deque<LayerStatistics>> layers = waiting.computeIfAbsent(key.group(), ignored -> emptyLayers());
        Deque<LayerStatistics> kept = layers.get(key.layer());
        kept.removeIf(earlier -> earlier.content().equals(added.content()));
        kept.addLast(added);
        if (kept.size() > KEPT_PER_LAYER) {
            kept.removeFirst();
        }
        Optional<GroupSnapshot> complete = complete(key.group(), layers, added.content());
        complete.ifPresent(snapshot -> {
            newest.put(key.group(), snapshot);
            layers.forEach(layer -> layer.removeIf(earlier -> !isNews(key.group(), earlier.content())));
        });
        return complete;
    }

    /** The newest complete snapshot of a group. */
    public Optional<GroupSnapshot> newest(GroupKey group) {
        return Optional.ofNullable(newest.get(group));
    }

    private List<Deque<LayerStatistics>> emptyLayers() {
        List<Deque<LayerStatistics>> layers = new ArrayList<>();
        for (int layer = 0; layer < config.layers(); layer++) {
            layers.add(new ArrayDeque<>());
        }
        return layers;
    }

    private Optional<GroupSnapshot> complete(
            GroupKey group, List<Deque<LayerStatistics>> layers, SnapshotContent content) {
        List<LayerStatistics> matching = new ArrayList<>();
        for (Deque<LayerStatistics> layer : layers) {
            layer.stream()
                    .filter(statistics -> statistics.content().equals(content))
                    .findFirst()
                    .ifPresent(matching::add);
        }
        return matching.size() == config.layers()
                ? Optional.of(GroupSnapshot.of(group, matching, clock.instant()))
                : Optional.empty();
    }

    private boolean isNews(GroupKey group, SnapshotContent content) {
        GroupSnapshot last = newest.get(group);
        return last == null || SnapshotContent.BY_AGE.compare(content, last.content()) > 0;
    }

    /** Statistics held while they wait for other layers. */
    int held(GroupKey group) {
        return waiting.getOrDefault(group, List.of()).stream()
                .mapToInt(Deque::size)
                .sum();
    }
}
