package dev.sparsecast.pruner.snapshot;

import dev.sparsecast.checkpoint.statistics.ModelStatistics;
import java.util.List;
import java.util.Optional;

/**
 * Snapshots as the statistics that sub-models are calibrated on: the decayed totals, weighted and added.
 *
 * <p>A weight multiplies sums and token counts alike, so it says how often each token of a group counts, and shares of
 * the mixture are those of the traffic times the weights. With weights of 1 the mixture is the plain sum: exactly the
 * statistics of all traffic together.
 */
public final class Calibrations {
    private Calibrations() {}

    /** Mixes the snapshots of a sub-model's groups: {@code Σ weight · value} of sums, tokens and prompts each. */
    public static ModelStatistics mix(List<GroupSnapshot> snapshots, double[] weights, String modelDigest) {
        return ModelStatistics.mix(
                snapshots.stream()
                        .map(snapshot -> decayed(snapshot, modelDigest))
                        .toList(),
                weights);
    }

    private static ModelStatistics decayed(GroupSnapshot snapshot, String modelDigest) {
        return new ModelStatistics(
                snapshot.content().decayedTokens(),
                snapshot.decayedPrompts(),
                snapshot.group().language(),
                snapshot.group().domain(),
                Optional.of(modelDigest),
                snapshot.layers());
    }
}
