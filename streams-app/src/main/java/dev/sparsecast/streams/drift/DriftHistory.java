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
public record DriftHistory(List<DriftReport> entries) {
    static final int LENGTH = 200;
    static final DriftHistory EMPTY = new DriftHistory(List.of());

    public DriftHistory {
        entries = List.copyOf(entries);
    }

    DriftHistory plus(DriftReport report) {
        List<DriftReport> longer = new ArrayList<>(entries);
        longer.add(report.withoutMeasurements());
        return new DriftHistory(longer.subList(Math.max(0, longer.size() - LENGTH), longer.size()));
    }

    void write(StateWriter out) {
        out.putInt(entries.size());
        for (DriftReport report : entries) {
            out.putLong(report.epoch())
                    .putLong(report.at().toEpochMilli())
                    .putText(report.state().name())
                    .putDouble(report.effect())
                    .putDouble(report.noiseFloor())
                    .putDouble(report.threshold())
                    .putLong(report.windowTokens())
                    .putText(report.referenceSubmodel())
                    .putInt(report.referenceVersion())
                    .putInt(report.driftingLayers().size());
            report.driftingLayers().forEach(out::putInt);
        }
    }

    static DriftHistory read(StateReader in) {
        List<DriftReport> entries = new ArrayList<>();
        for (int left = in.getInt(); left > 0; left--) {
            entries.add(new DriftReport(
                    in.getLong(),
                    Instant.ofEpochMilli(in.getLong()),
                    DriftState.valueOf(in.getText()),
                    in.getDouble(),
                    in.getDouble(),
                    in.getDouble(),
                    in.getLong(),
                    in.getText(),
                    in.getInt(),
                    List.of(),
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
