package dev.sparsecast.pruner.snapshot;

import dev.sparsecast.schemas.ActivationStatistics;
import dev.sparsecast.schemas.FlushDigest;
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
import java.util.TreeMap;

/**
 * Finds snapshots in the stream of per-layer statistics. Layers live in different partitions and arrive at different
 * times; a snapshot of a group is complete when every layer shows the same epoch, the same flush-set digest and the same
 * token counts, lifetime and decayed, bit for bit. Of each layer the last few statistics are kept, so that one that runs
 * ahead does not keep the others from ever meeting it.
 */
public final class SnapshotAssembler {
    private static final int KEPT_PER_LAYER = 4;

    private final Clock clock;
    private final Map<GroupKey, Map<Integer, Deque<ActivationStatistics>>> waiting = new HashMap<>();
    private final Map<GroupKey, GroupSnapshot> newest = new HashMap<>();

    public SnapshotAssembler(Clock clock) {
        this.clock = clock;
    }

    /** What must be equal in all layers. Doubles are compared by their bits. */
    private record Content(
            long epoch,
            FlushDigest digest,
            long flushes,
            int layers,
            long tokenBits,
            long promptBits,
            long decayedBits) {
        static Content of(ActivationStatistics statistics) {
            return new Content(
                    statistics.epoch(),
                    statistics.flushDigest(),
                    statistics.flushes(),
                    statistics.layers(),
                    Double.doubleToLongBits(statistics.lifetime().tokens()),
                    Double.doubleToLongBits(statistics.lifetime().prompts()),
                    Double.doubleToLongBits(statistics.decayed().tokens()));
        }
    }

    /** Takes one layer's statistics; returns the group's snapshot if that completes a newer one than before. */
    public Optional<GroupSnapshot> add(LayerKey key, ActivationStatistics statistics) {
        Map<Integer, Deque<ActivationStatistics>> layers =
                waiting.computeIfAbsent(key.group(), ignored -> new TreeMap<>());
        Deque<ActivationStatistics> kept = layers.computeIfAbsent(key.layer(), ignored -> new ArrayDeque<>());
        kept.addLast(statistics);
        if (kept.size() > KEPT_PER_LAYER) {
            kept.removeFirst();
        }
        Optional<GroupSnapshot> complete = complete(key.group(), layers, Content.of(statistics));
        complete.ifPresent(snapshot -> newest.put(key.group(), snapshot));
        return complete;
    }

    /** The newest complete snapshot of a group. */
    public Optional<GroupSnapshot> newest(GroupKey group) {
        return Optional.ofNullable(newest.get(group));
    }

    private Optional<GroupSnapshot> complete(
            GroupKey group, Map<Integer, Deque<ActivationStatistics>> layers, Content content) {
        if (layers.size() != content.layers() || !isNewer(group, content)) {
            return Optional.empty();
        }
        List<ActivationStatistics> matching = new ArrayList<>();
        for (int layer = 0; layer < content.layers(); layer++) {
            Optional<ActivationStatistics> match = layers.getOrDefault(layer, new ArrayDeque<>()).stream()
                    .filter(statistics -> Content.of(statistics).equals(content))
                    .findFirst();
            if (match.isEmpty()) {
                return Optional.empty();
            }
            matching.add(match.get());
        }
        return Optional.of(new GroupSnapshot(group, matching, clock.instant()));
    }

    /** Statistics only grow: an older content completed late is no news. */
    private boolean isNewer(GroupKey group, Content content) {
        GroupSnapshot last = newest.get(group);
        return last == null || content.flushes() > last.layers().getFirst().flushes();
    }
}
