package dev.sparsecast.pruner.snapshot;

import dev.sparsecast.checkpoint.Tap;
import dev.sparsecast.checkpoint.statistics.TapSums;
import dev.sparsecast.schemas.FlushDigest;
import dev.sparsecast.schemas.GroupKey;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * Statistics of every layer of one group that contain exactly the same flushes.
 *
 * @param content what all layers contain
 * @param decayedPrompts prompts of the decayed totals
 * @param distinctSources at least that many different sources
 * @param lastFlushAt instant of the newest flush contained
 * @param layers decayed sums by decoder block, from the first
 * @param completedAt when the last layer arrived
 */
public record GroupSnapshot(
        GroupKey group,
        SnapshotContent content,
        double decayedPrompts,
        long distinctSources,
        Instant lastFlushAt,
        List<Map<Tap, TapSums>> layers,
        Instant completedAt) {
    public GroupSnapshot {
        layers = List.copyOf(layers);
    }

    static GroupSnapshot of(GroupKey group, List<LayerStatistics> layers, Instant completedAt) {
        LayerStatistics first = layers.getFirst();
        return new GroupSnapshot(
                group,
                first.content(),
                first.decayedPrompts(),
                layers.stream()
                        .mapToLong(LayerStatistics::distinctSources)
                        .min()
                        .orElse(0),
                first.lastFlushAt(),
                layers.stream().map(LayerStatistics::taps).toList(),
                completedAt);
    }

    public long epoch() {
        return content.epoch();
    }

    public FlushDigest flushDigest() {
        return content.flushDigest();
    }

    /** Lifetime tokens contained. */
    public long tokens() {
        return content.tokens();
    }

    /** Lifetime prompts contained. */
    public long prompts() {
        return content.prompts();
    }

    public double halfLifeTokens() {
        return content.halfLifeTokens();
    }
}
