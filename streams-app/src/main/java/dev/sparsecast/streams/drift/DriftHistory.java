package dev.sparsecast.streams.drift;

import dev.sparsecast.schemas.DriftReport;
import dev.sparsecast.schemas.DriftState;
import dev.sparsecast.streams.state.StateReader;
import dev.sparsecast.streams.state.StateWriter;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * The newest drift reports of a group, without their measurements.
 *
 * @param entries oldest first
 */
public record DriftHistory(List<Entry> entries) {
    static final int LENGTH = 200;
    static final DriftHistory EMPTY = new DriftHistory(List.of());

    public DriftHistory {
        entries = List.copyOf(entries);
    }

    /** What {@link DriftReport} says, in short. */
    public record Entry(
            long epoch,
            Instant at,
            DriftState state,
            double effect,
            double noiseFloor,
            double threshold,
            long windowTokens,
            String referenceSubmodel,
            int referenceVersion,
            List<Integer> driftingLayers) {
        public Entry {
            driftingLayers = List.copyOf(driftingLayers);
        }
    }

    DriftHistory plus(DriftReport report) {
        List<Entry> longer = new ArrayList<>(entries);
        longer.add(new Entry(
                report.epoch(),
                report.at(),
                report.state(),
                report.effect(),
                report.noiseFloor(),
                report.threshold(),
                report.windowTokens(),
                report.referenceSubmodel(),
                report.referenceVersion(),
                report.driftingLayers()));
        return new DriftHistory(longer.subList(Math.max(0, longer.size() - LENGTH), longer.size()));
    }

    void write(StateWriter out) {
        out.putInt(entries.size());
        for (Entry entry : entries) {
            out.putLong(entry.epoch)
                    .putLong(entry.at.toEpochMilli())
                    .putText(entry.state.name())
                    .putDouble(entry.effect)
                    .putDouble(entry.noiseFloor)
                    .putDouble(entry.threshold)
                    .putLong(entry.windowTokens)
                    .putText(entry.referenceSubmodel)
                    .putInt(entry.referenceVersion)
                    .putInt(entry.driftingLayers.size());
            entry.driftingLayers.forEach(out::putInt);
        }
    }

    static DriftHistory read(StateReader in) {
        List<Entry> entries = new ArrayList<>();
        for (int left = in.getInt(); left > 0; left--) {
            entries.add(new Entry(
                    in.getLong(),
                    Instant.ofEpochMilli(in.getLong()),
                    DriftState.valueOf(in.getText()),
                    in.getDouble(),
                    in.getDouble(),
                    in.getDouble(),
                    in.getLong(),
                    in.getText(),
                    in.getInt(),
                    layers(in)));
        }
        return new DriftHistory(entries);
    }

    private static List<Integer> layers(StateReader in) {
        List<Integer> layers = new ArrayList<>();
        for (int left = in.getInt(); left > 0; left--) {
            layers.add(in.getInt());
        }
        return layers;
    }
}
