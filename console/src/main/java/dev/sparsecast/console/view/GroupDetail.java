package dev.sparsecast.console.view;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The large figures of one group.
 *
 * @param driftHistory oldest first
 * @param measurements of the latest drift report
 */
public record GroupDetail(
        String key,
        long revision,
        int layers,
        List<DriftPoint> driftHistory,
        List<Measurement> measurements,
        List<TapActivity> activity) {
    /** One drift report. */
    public record DriftPoint(
            long epoch,
            Instant at,
            String state,
            @Nullable Double effect,
            @Nullable Double noiseFloor,
            @Nullable Double threshold) {}

    /** Drift of one tap in one layer. */
    public record Measurement(
            int layer,
            String tap,
            @Nullable Double effect,
            @Nullable Double cosineDistance,
            @Nullable Double noiseFloor) {}

    /**
     * Root mean square of a tap's input by layer and bucket of neighbouring channels, over recent tokens.
     *
     * @param channels width of the tap
     * @param rms one list a layer; empty for a layer that has not been seen
     */
    public record TapActivity(String tap, int channels, List<List<Double>> rms) {}
}
