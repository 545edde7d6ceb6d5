package dev.sparsecast.streams.drift;

import dev.sparsecast.schemas.DriftReport;
import dev.sparsecast.schemas.DriftState;
import dev.sparsecast.schemas.TapDrift;
import dev.sparsecast.streams.drift.GroupProgress.Verdict;
import dev.sparsecast.streams.drift.Measurement.Window;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * What the measurements of all layers in one window mean: the effect is the mean over layers and taps, and so is the noise
 * floor that it is held against.
 *
 * @param verdict where the group stands now
 * @param report what to tell
 */
record Judgement(Verdict verdict, DriftReport report) {
    /**
     * Judges a window.
     *
     * @param before where the group stood
     * @param layers one measurement of every layer, in their order
     */
    static Judgement of(DriftSettings settings, Verdict before, List<Measurement> layers) {
        Window window = layers.getFirst().window();
        List<TapDrift> taps =
                layers.stream().flatMap(layer -> layer.taps().stream()).toList();
        double effect = mean(taps, TapDrift::effect);
        double noiseFloor = mean(taps, TapDrift::noiseFloor);
        double threshold = threshold(settings, noiseFloor);
        boolean isLearned = layers.stream().allMatch(layer -> layer.learned() >= settings.learningParts());
        Verdict verdict = window.reference().isNone() || !isLearned
                ? new Verdict(DriftState.LEARNING, window.reference(), 0)
                : verdict(settings, before, window, effect / threshold);
        return new Judgement(
                verdict,
                new DriftReport(
                        window.epoch(),
                        window.at(),
                        verdict.state(),
                        effect,
                        noiseFloor,
                        threshold,
                        Math.round(window.tokens()),
                        window.reference().submodel(),
                        window.reference().version(),
                        taps,
                        verdict.state() == DriftState.LEARNING ? List.of() : driftingLayers(settings, layers)));
    }

    /**
     * The next state.
     *
     * @param excess effect by threshold
     */
    private static Verdict verdict(DriftSettings settings, Verdict before, Window window, double excess) {
        boolean isSameReference = before.reference().equals(window.reference());
        DriftState state = isSameReference ? before.state() : DriftState.STABLE;
        if (excess > 1) {
            long parts = Math.max(1, (long) (window.partTokens() / settings.partTokens()));
            long above = parts + (isSameReference ? before.above() : 0);
            boolean isDrifted = state == DriftState.DRIFTED || above >= settings.consecutive();
            return new Verdict(isDrifted ? DriftState.DRIFTED : DriftState.DRIFTING, window.reference(), above);
        }
        boolean isBack = excess < settings.exitFactor() / settings.factor() || state == DriftState.LEARNING;
        return new Verdict(isBack ? DriftState.STABLE : state, window.reference(), 0);
    }

    private static List<Integer> driftingLayers(DriftSettings settings, List<Measurement> layers) {
        return layers.stream()
                .filter(layer -> mean(layer.taps(), TapDrift::effect)
                        > threshold(settings, mean(layer.taps(), TapDrift::noiseFloor)))
                .map(Measurement::layer)
                .toList();
    }

    private static double threshold(DriftSettings settings, double noiseFloor) {
        return Math.max(settings.minimumEffect(), settings.factor() * noiseFloor);
    }

    private static double mean(List<TapDrift> taps, ToDoubleFunction<TapDrift> of) {
        return taps.stream().mapToDouble(of).average().orElse(0);
    }
}
