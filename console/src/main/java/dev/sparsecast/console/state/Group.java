package dev.sparsecast.console.state;

import static dev.sparsecast.console.state.Figures.finite;

import dev.sparsecast.console.state.LayerStatistics.Contents;
import dev.sparsecast.console.state.LayerStatistics.Strip;
import dev.sparsecast.console.view.GroupDetail;
import dev.sparsecast.console.view.GroupDetail.DriftPoint;
import dev.sparsecast.console.view.GroupDetail.Measurement;
import dev.sparsecast.console.view.GroupDetail.TapActivity;
import dev.sparsecast.console.view.GroupView;
import dev.sparsecast.console.view.GroupView.DriftView;
import dev.sparsecast.schemas.ActivationStatistics;
import dev.sparsecast.schemas.DriftReport;
import dev.sparsecast.schemas.DriftState;
import dev.sparsecast.schemas.GroupKey;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Statistics and drift of one group. */
final class Group {
    private static final int MOST_LAYERS = 1024;
    private static final int HISTORY = 360;
    private static final int RECENT = 40;

    private final GroupKey key;
    private final SortedMap<Integer, LayerStatistics> layers = new TreeMap<>();
    private final Deque<DriftReport> drift = new ArrayDeque<>();
    private int layerCount;
    private long revision;

    Group(GroupKey key) {
        this.key = key;
    }

    void add(int layer, ActivationStatistics statistics) {
        layerCount = Math.min(MOST_LAYERS, statistics.layers());
        if (layer < layerCount) {
            layers.put(layer, LayerStatistics.of(statistics));
            revision++;
        }
    }

    /** Adds a report and returns the state before it. */
    Optional<DriftState> add(DriftReport report) {
        Optional<DriftState> before = Optional.ofNullable(drift.peekLast()).map(DriftReport::state);
        drift.addLast(report);
        if (drift.size() > HISTORY) {
            drift.removeFirst();
        }
        revision++;
        return before;
    }

    GroupView view() {
        Optional<LayerStatistics> furthest = layers.values().stream()
                .max(Comparator.comparingDouble(layer -> layer.contents().tokens()));
        int equal = (int) furthest.map(LayerStatistics::contents).stream()
                .flatMap(contents ->
                        layers.values().stream().map(LayerStatistics::contents).filter(contents::equals))
                .count();
        return new GroupView(
                key.toString(),
                key.model(),
                key.language(),
                key.domain(),
                revision,
                layerCount,
                equal,
                layerCount > 0 && equal == layerCount,
                furthest.map(LayerStatistics::contents).map(Contents::epoch).orElse(0L),
                furthest.map(LayerStatistics::contents).map(Contents::tokens).orElse(0.0),
                furthest.map(LayerStatistics::prompts).orElse(0.0),
                furthest.map(LayerStatistics::flushes).orElse(0L),
                furthest.map(LayerStatistics::distinctSources).orElse(0L),
                furthest.map(LayerStatistics::lastFlushAt).orElse(null),
                drift());
    }

    private @Nullable DriftView drift() {
        DriftReport last = drift.peekLast();
        return last == null
                ? null
                : new DriftView(
                        label(last.state()),
                        last.epoch(),
                        finite(last.effect()),
                        finite(last.noiseFloor()),
                        finite(last.threshold()),
                        last.windowTokens(),
                        last.referenceSubmodel().isEmpty()
                                ? ""
                                : last.referenceSubmodel() + " v" + last.referenceVersion(),
                        recent());
    }

    private List<Double> recent() {
        return drift.stream()
                .skip(Math.max(0, drift.size() - RECENT))
                .map(report -> report.effect() / report.threshold())
                .filter(Double::isFinite)
                .toList();
    }

    GroupDetail detail() {
        List<DriftPoint> history = drift.stream()
                .map(report -> new DriftPoint(
                        report.epoch(),
                        report.at(),
                        label(report.state()),
                        finite(report.effect()),
                        finite(report.noiseFloor()),
                        finite(report.threshold())))
                .toList();
        DriftReport last = drift.peekLast();
        List<Measurement> measurements = last == null
                ? List.of()
                : last.measurements().stream()
                        .map(tap -> new Measurement(
                                tap.layer(),
                                tap.tap(),
                                finite(tap.effect()),
                                finite(tap.cosineDistance()),
                                finite(tap.noiseFloor())))
                        .toList();
        return new GroupDetail(key.toString(), revision, layerCount, history, measurements, activity());
    }

    private List<TapActivity> activity() {
        SortedSet<String> taps = new TreeSet<>();
        layers.values().forEach(layer -> taps.addAll(layer.activity().keySet()));
        return taps.stream().map(this::activity).toList();
    }

    private TapActivity activity(String tap) {
        int channels = 0;
        List<List<Double>> byLayer = new ArrayList<>();
        for (int layer = 0; layer < layerCount; layer++) {
            LayerStatistics statistics = layers.get(layer);
            Strip strip = statistics == null ? null : statistics.activity().get(tap);
            byLayer.add(strip == null ? List.of() : strip.rms());
            channels = strip == null ? channels : strip.channels();
        }
        return new TapActivity(tap, channels, byLayer);
    }

    private static String label(DriftState state) {
        return state.name().toLowerCase(Locale.ROOT);
    }
}
