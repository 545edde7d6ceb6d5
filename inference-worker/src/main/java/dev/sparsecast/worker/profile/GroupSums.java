package dev.sparsecast.worker.profile;

import dev.sparsecast.checkpoint.ModelConfig;
import dev.sparsecast.checkpoint.Tap;
import dev.sparsecast.checkpoint.statistics.ModelStatistics;
import dev.sparsecast.checkpoint.statistics.TapSums;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** Float64 sums of one group, growing pass by pass. */
final class GroupSums {
    private final List<Map<Tap, TapSums>> layers = new ArrayList<>();
    private long tokens;
    private long prompts;

    GroupSums(ModelConfig config) {
        for (int layer = 0; layer < config.layers(); layer++) {
            Map<Tap, TapSums> taps = new EnumMap<>(Tap.class);
            for (Tap tap : Tap.values()) {
                int channels = tap.channels(config);
                taps.put(tap, new TapSums(new double[channels], new double[channels]));
            }
            layers.add(taps);
        }
    }

    /** Counts one prompt. */
    void count(int promptTokens) {
        tokens += promptTokens;
        prompts++;
    }

    /** Adds row {@code row} of [row, channel] sums. */
    void add(int layer, Tap tap, int row, float[] sumSquares, float[] sum) {
        TapSums sums = Objects.requireNonNull(layers.get(layer).get(tap));
        addRow(sums.sumSquares(), sumSquares, row);
        addRow(sums.sum(), sum, row);
    }

    /** Adds other sums of the same model to these, and returns these. */
    GroupSums plus(GroupSums others) {
        for (int layer = 0; layer < layers.size(); layer++) {
            for (Tap tap : Tap.values()) {
                TapSums mine = Objects.requireNonNull(layers.get(layer).get(tap));
                TapSums theirs = Objects.requireNonNull(others.layers.get(layer).get(tap));
                addAll(mine.sumSquares(), theirs.sumSquares());
                addAll(mine.sum(), theirs.sum());
            }
        }
        tokens += others.tokens;
        prompts += others.prompts;
        return this;
    }

    private static void addAll(double[] totals, double[] values) {
        for (int channel = 0; channel < totals.length; channel++) {
            totals[channel] += values[channel];
        }
    }

    private static void addRow(double[] totals, float[] rows, int row) {
        int offset = row * totals.length;
        for (int channel = 0; channel < totals.length; channel++) {
            totals[channel] += rows[offset + channel];
        }
    }

    /** The sums as a value; these sums must not grow any more. */
    ModelStatistics toStatistics(String language, String domain, Optional<String> modelDigest) {
        return new ModelStatistics(
                tokens,
                prompts,
                language,
                domain,
                modelDigest,
                layers.stream().map(Map::copyOf).toList());
    }
}
