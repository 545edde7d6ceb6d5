package dev.sparsecast.schemas;

import java.time.Instant;
import java.util.List;

/**
 * How far the recent activations of a group are from those that the deployed release was made from. The group stands in
 * the record's key ({@link GroupKey}).
 *
 * @param epoch newest epoch in the window
 * @param at instant of the newest flush in the window
 * @param effect mean over layers and taps of {@link TapDrift#effect}
 * @param noiseFloor what {@code effect} is when nothing drifts
 * @param threshold effect above which the group counts as drifting
 * @param windowTokens tokens of the window
 * @param referenceSubmodel release compared with; empty before there is one
 * @param referenceVersion its version; 0 before there is one
 * @param driftingLayers layers whose own effect is above the threshold that their own noise floor gives; none before the
 *     noise is learned
 */
public record DriftReport(
        long epoch,
        Instant at,
        DriftState state,
        double effect,
        double noiseFloor,
        double threshold,
        long windowTokens,
        String referenceSubmodel,
        int referenceVersion,
        List<TapDrift> measurements,
        List<Integer> driftingLayers) {
    public DriftReport {
        measurements = List.copyOf(measurements);
        driftingLayers = List.copyOf(driftingLayers);
    }

    /** The report in short. */
    public DriftReport withoutMeasurements() {
        return new DriftReport(
                epoch,
                at,
                state,
                effect,
                noiseFloor,
                threshold,
                windowTokens,
                referenceSubmodel,
                referenceVersion,
                List.of(),
                driftingLayers);
    }

    /** A report that names no layers. */
    public DriftReport(
            long epoch,
            Instant at,
            DriftState state,
            double effect,
            double noiseFloor,
            double threshold,
            long windowTokens,
            String referenceSubmodel,
            int referenceVersion,
            List<TapDrift> measurements) {
        this(
                epoch,
                at,
                state,
                effect,
                noiseFloor,
                threshold,
                windowTokens,
                referenceSubmodel,
                referenceVersion,
                measurements,
                List.of());
    }
}
