package dev.sparsecast.pruner.snapshot;

import dev.sparsecast.checkpoint.ModelConfig;
import dev.sparsecast.checkpoint.Tap;
import dev.sparsecast.checkpoint.statistics.TapSums;
import dev.sparsecast.schemas.ActivationStatistics;
import dev.sparsecast.schemas.TapTotals;
import dev.sparsecast.schemas.Totals;
import java.time.Instant;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/**
 * One layer's part of a snapshot: what is kept of its statistics. The lifetime sums are not, since sub-models are
 * calibrated on the decayed ones.
 */
record LayerStatistics(
        SnapshotContent content,
        double decayedPrompts,
        long distinctSources,
        Instant lastFlushAt,
        Map<Tap, TapSums> taps) {

    /**
     * Checks statistics and takes from them what is needed.
     *
     * @throws IllegalArgumentException if they cannot be of this layer of this model
     */
    static LayerStatistics of(int layer, ActivationStatistics statistics, ModelConfig config) {
        if (statistics.layers() != config.layers() || layer >= config.layers()) {
            throw new IllegalArgumentException("statistics of layer " + layer + " of " + statistics.layers()
                    + ", but the model has " + config.layers() + " layers");
        }
        Totals decayed = statistics.decayed();
        if (!isPositive(decayed.tokens()) || !isPositive(decayed.prompts()) || !(statistics.halfLifeTokens() > 0)) {
            throw new IllegalArgumentException("decayed totals over " + decayed.tokens() + " tokens of "
                    + decayed.prompts() + " prompts with a half-life of " + statistics.halfLifeTokens());
        }
        return new LayerStatistics(
                SnapshotContent.of(statistics),
                decayed.prompts(),
                statistics.distinctSources(),
                statistics.lastFlushAt(),
                taps(decayed, config));
    }

    private static boolean isPositive(double value) {
        return value > 0 && Double.isFinite(value);
    }

    private static Map<Tap, TapSums> taps(Totals totals, ModelConfig config) {
        Map<Tap, TapSums> taps = new EnumMap<>(Tap.class);
        for (TapTotals sums : totals.taps()) {
            Tap tap = Tap.ofLabel(sums.tap());
            if (sums.channels() != tap.channels(config)) {
                throw new IllegalArgumentException("tap " + tap.label() + " has " + sums.channels()
                        + " channels, but the model has " + tap.channels(config));
            }
            if (taps.put(tap, checked(sums)) != null) {
                throw new IllegalArgumentException("tap " + tap.label() + " is there twice");
            }
        }
        if (taps.size() != Tap.values().length) {
            throw new IllegalArgumentException("there are sums of the taps " + taps.keySet() + " only");
        }
        return Collections.unmodifiableMap(taps);
    }

    private static TapSums checked(TapTotals sums) {
        for (int channel = 0; channel < sums.channels(); channel++) {
            if (!(sums.sumSquares()[channel] >= 0)
                    || Double.isInfinite(sums.sumSquares()[channel])
                    || !Double.isFinite(sums.sum()[channel])) {
                throw new IllegalArgumentException(
                        "tap " + sums.tap() + " has a sum of squares of " + sums.sumSquares()[channel]
                                + " and a sum of " + sums.sum()[channel] + " at channel " + channel);
            }
        }
        return new TapSums(sums.sumSquares(), sums.sum());
    }
}
