package dev.sparsecast.pruner.snapshot;

import dev.sparsecast.schemas.ActivationStatistics;
import dev.sparsecast.schemas.FlushDigest;
import dev.sparsecast.schemas.GroupKey;
import java.time.Instant;
import java.util.List;

/**
 * Statistics of every layer of one group that contain exactly the same flushes.
 *
 * @param layers statistics by decoder block, from the first
 * @param completedAt when the last of them arrived
 */
public record GroupSnapshot(GroupKey group, List<ActivationStatistics> layers, Instant completedAt) {
    public GroupSnapshot {
        layers = List.copyOf(layers);
    }

    public long epoch() {
        return layers.getFirst().epoch();
    }

    public FlushDigest flushDigest() {
        return layers.getFirst().flushDigest();
    }

    /** Lifetime tokens contained. */
    public long tokens() {
        return (long) layers.getFirst().lifetime().tokens();
    }

    /** Lifetime prompts contained. */
    public long prompts() {
        return (long) layers.getFirst().lifetime().prompts();
    }

    public double halfLifeTokens() {
        return layers.getFirst().halfLifeTokens();
    }
}
