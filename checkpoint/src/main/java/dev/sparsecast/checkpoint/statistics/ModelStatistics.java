package dev.sparsecast.checkpoint.statistics;

import dev.sparsecast.checkpoint.CheckpointException;
import dev.sparsecast.checkpoint.ModelConfig;
import dev.sparsecast.checkpoint.Tap;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Activation statistics of a whole model for one group or a mixture of groups.
 *
 * @param tokens tokens that the sums are over; fractional after decay or weighting
 * @param prompts prompts that the tokens came from
 * @param language language, or {@code mixed}
 * @param domain domain, or {@code mixed}
 * @param modelDigest digest of the base checkpoint ({@code sha256:…}) if known
 * @param layers per decoder block the sums of its four taps
 */
public record ModelStatistics(
        double tokens,
        double prompts,
        String language,
        String domain,
        Optional<String> modelDigest,
        List<Map<Tap, TapSums>> layers) {

    /** Language or domain of statistics that are over several, or over unknown ones. */
    public static final String MIXED = "mixed";

    public ModelStatistics {
        layers = layers.stream().<Map<Tap, TapSums>>map(ModelStatistics::copy).toList();
    }

    private static Map<Tap, TapSums> copy(Map<Tap, TapSums> taps) {
        Map<Tap, TapSums> copy = new EnumMap<>(Tap.class);
        copy.putAll(taps);
        return Collections.unmodifiableMap(copy);
    }

    /**
     * The sums of one tap.
     *
     * @throws IllegalArgumentException if there are none
     */
    public TapSums sums(int layer, Tap tap) {
        TapSums sums = layers.get(layer).get(tap);
        if (sums == null) {
            throw new IllegalArgumentException("no sums of layer " + layer + ", tap " + tap.label());
        }
        return sums;
    }

    /**
     * The weighted sum of several statistics: sums, tokens and prompts each are {@code Σ weight · value}. A language or
     * domain that all share is kept; otherwise it is {@value #MIXED}. The model digest is that of those that know it.
     *
     * @param weights one finite weight of at least 0 for each; at least one above 0
     * @throws CheckpointException if the digests that are known differ, or the shapes do
     * @throws IllegalArgumentException if there are no statistics, or the weights are not as said
     */
    public static ModelStatistics mix(List<ModelStatistics> statistics, double[] weights) {
        checkWeights(statistics.size(), weights);
        ModelStatistics first = statistics.getFirst();
        for (ModelStatistics other : statistics) {
            checkDepth(first, other);
        }
        List<Map<Tap, TapSums>> layers = new ArrayList<>();
        for (int layer = 0; layer < first.layers.size(); layer++) {
            Map<Tap, TapSums> taps = new EnumMap<>(Tap.class);
            for (Tap tap : Tap.values()) {
                taps.put(tap, mixTap(statistics, weights, layer, tap));
            }
            layers.add(taps);
        }
        double tokens = 0;
        double prompts = 0;
        for (int i = 0; i < weights.length; i++) {
            tokens += weights[i] * statistics.get(i).tokens;
            prompts += weights[i] * statistics.get(i).prompts;
        }
        return new ModelStatistics(
                tokens,
                prompts,
                shared(statistics, ModelStatistics::language),
                shared(statistics, ModelStatistics::domain),
                sharedDigest(statistics),
                layers);
    }

    /**
     * The sum of several statistics: {@link #mix} with the weight 1 for each.
     *
     * @throws CheckpointException if the digests that are known differ, or the shapes do
     */
    public static ModelStatistics sum(List<ModelStatistics> statistics) {
        double[] ones = new double[statistics.size()];
        Arrays.fill(ones, 1);
        return mix(statistics, ones);
    }

    /**
     * Checks that these can be of a model; a digest that is not known is no contradiction.
     *
     * @param digest the model's digest, {@code sha256:…}
     * @throws CheckpointException if they name another model, or have other layers or channels
     */
    public void checkModel(ModelConfig config, String digest) {
        modelDigest.filter(known -> !known.equals(digest)).ifPresent(known -> {
            throw new CheckpointException("the statistics were taken from model " + known + " but this model is "
                    + digest + "; profile this model instead");
        });
        if (layers.size() != config.layers()) {
            throw new CheckpointException("the statistics have " + layers.size() + " layers but the model has "
                    + config.layers() + "; they were taken from another model");
        }
        for (int layer = 0; layer < layers.size(); layer++) {
            for (Tap tap : Tap.values()) {
                if (sums(layer, tap).channels() != tap.channels(config)) {
                    throw new CheckpointException("the statistics have "
                            + sums(layer, tap).channels() + " channels (layer " + layer + ", " + tap.label()
                            + ") but the model has " + tap.channels(config) + "; they were taken from another model");
                }
            }
        }
    }

    private static void checkWeights(int count, double[] weights) {
        if (count == 0 || weights.length != count) {
            throw new IllegalArgumentException(weights.length + " weights for " + count + " statistics");
        }
        double total = 0;
        for (double weight : weights) {
            if (!(weight >= 0) || Double.isInfinite(weight)) {
                throw new IllegalArgumentException("weight " + weight + ", expected a finite one of at least 0");
            }
            total += weight;
        }
        if (total == 0) {
            throw new IllegalArgumentException("all weights are 0");
        }
    }

    private static void checkDepth(ModelStatistics first, ModelStatistics other) {
        if (first.layers.size() != other.layers.size()) {
            throw new CheckpointException("statistics of " + first.layers.size() + " and of " + other.layers.size()
                    + " layers cannot be mixed; they are of different models");
        }
    }

    private static TapSums mixTap(List<ModelStatistics> statistics, double[] weights, int layer, Tap tap) {
        int channels = statistics.getFirst().sums(layer, tap).channels();
        double[] sumSquares = new double[channels];
        double[] sum = new double[channels];
        for (int i = 0; i < weights.length; i++) {
            ModelStatistics part = statistics.get(i);
            TapSums sums = part.sums(layer, tap);
            if (sums.channels() != channels) {
                throw new CheckpointException("statistics of " + channels + " and of " + sums.channels()
                        + " channels (layer " + layer + ", " + tap.label()
                        + ") cannot be mixed; they are of different models");
            }
            for (int channel = 0; channel < channels; channel++) {
                sumSquares[channel] += weights[i] * sums.sumSquares()[channel];
                sum[channel] += weights[i] * sums.sum()[channel];
            }
        }
        return new TapSums(sumSquares, sum);
    }

    private static String shared(List<ModelStatistics> statistics, Function<ModelStatistics, String> property) {
        List<String> values = statistics.stream().map(property).distinct().toList();
        return values.size() == 1 ? values.getFirst() : MIXED;
    }

    private static Optional<String> sharedDigest(List<ModelStatistics> statistics) {
        List<String> digests = statistics.stream()
                .flatMap(part -> part.modelDigest.stream())
                .distinct()
                .toList();
        if (digests.size() > 1) {
            throw new CheckpointException(
                    "statistics of different models cannot be mixed: " + digests.get(0) + " and " + digests.get(1));
        }
        return digests.stream().findFirst();
    }
}
