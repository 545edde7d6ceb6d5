package dev.sparsecast.pruner.snapshot;

import dev.sparsecast.checkpoint.Tap;
import dev.sparsecast.checkpoint.statistics.ModelStatistics;
import dev.sparsecast.checkpoint.statistics.TapSums;
import dev.sparsecast.schemas.ActivationStatistics;
import dev.sparsecast.schemas.TapTotals;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Snapshots as the statistics that sub-models are calibrated on: the decayed totals, weighted and added. */
public final class Calibrations {
    private Calibrations() {}

    /**
     * Mixes the snapshots of a sub-model's groups. Sums, tokens and prompts are each multiplied by the group's weight and
     * added, so weights of 1 give the statistics of all traffic together.
     *
     * @throws IllegalArgumentException if a snapshot lacks a tap
     */
    public static ModelStatistics mix(List<GroupSnapshot> snapshots, double[] weights, String modelDigest) {
        return ModelStatistics.mix(
                snapshots.stream()
                        .map(snapshot -> decayed(snapshot, modelDigest))
                        .toList(),
                weights);
    }

    static ModelStatistics decayed(GroupSnapshot snapshot, String modelDigest) {
        var first = snapshot.layers().getFirst().decayed();
        return new ModelStatistics(
                first.tokens(),
                first.prompts(),
                snapshot.group().language(),
                snapshot.group().domain(),
                Optional.of(modelDigest),
                snapshot.layers().stream().map(Calibrations::taps).toList());
    }

    private static Map<Tap, TapSums> taps(ActivationStatistics layer) {
        Map<Tap, TapSums> taps = new EnumMap<>(Tap.class);
        for (TapTotals tap : layer.decayed().taps()) {
            taps.put(Tap.ofLabel(tap.tap()), new TapSums(tap.sumSquares(), tap.sum()));
        }
        return taps;
    }
}
