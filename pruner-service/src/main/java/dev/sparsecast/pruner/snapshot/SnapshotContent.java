package dev.sparsecast.pruner.snapshot;

import dev.sparsecast.schemas.ActivationStatistics;
import dev.sparsecast.schemas.FlushDigest;
import java.util.Comparator;

/**
 * What statistics contain: equal in all layers of a snapshot. Two contents are equal if all of this is, doubles bit for
 * bit, so the decayed count also says that the flushes were folded in the same epochs.
 *
 * @param layers decoder blocks of the model
 * @param tokens lifetime tokens
 * @param prompts lifetime prompts
 * @param decayedTokens tokens of the decayed totals
 */
public record SnapshotContent(
        int layers,
        long epoch,
        long epochMillis,
        long flushes,
        FlushDigest flushDigest,
        long tokens,
        long prompts,
        double decayedTokens,
        double halfLifeTokens) {

    /** Statistics only grow: the later of two contents has the higher epoch, or more flushes in the same one. */
    static final Comparator<SnapshotContent> BY_AGE = Comparator.comparingLong(SnapshotContent::epoch)
            .thenComparingLong(SnapshotContent::flushes)
            .thenComparingLong(SnapshotContent::tokens);

    static SnapshotContent of(ActivationStatistics statistics) {
        return new SnapshotContent(
                statistics.layers(),
                statistics.epoch(),
                statistics.epochMillis(),
                statistics.flushes(),
                statistics.flushDigest(),
                whole("tokens", statistics.lifetime().tokens()),
                whole("prompts", statistics.lifetime().prompts()),
                statistics.decayed().tokens(),
                statistics.halfLifeTokens());
    }

    private static long whole(String what, double value) {
        if (!(value >= 1) || value != Math.rint(value) || value > 1L << 53) {
            throw new IllegalArgumentException("the lifetime " + what + " are " + value + ", which is no count");
        }
        return (long) value;
    }
}
