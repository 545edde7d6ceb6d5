package dev.sparsecast.benchmarks;

import dev.sparsecast.checkpoint.ModelConfig;
import dev.sparsecast.checkpoint.Tap;
import dev.sparsecast.checkpoint.Tokenizer;
import dev.sparsecast.schemas.ActivationNorms;
import dev.sparsecast.schemas.TapNorms;
import dev.sparsecast.worker.model.LanguageModel;
import dev.sparsecast.worker.model.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/** The norms of each of many prompts by itself, from which flushes of any of them can be put together: sums add. */
final class PromptNorms {
    private PromptNorms() {}

    /**
     * A prompt.
     *
     * @param layers {@code Σx²} by decoder block and tap
     */
    record Profiled(long tokens, List<Map<Tap, double[]>> layers) {}

    /** Profiles the prompts of a file of JSON lines, each cut to so many tokens. */
    static List<Profiled> profile(LanguageModel model, Tokenizer tokenizer, Path file, int maxTokens)
            throws IOException {
        int most = Math.min(maxTokens, model.config().maxPositions());
        List<int[]> sequences = new ArrayList<>();
        List<Profiled> prompts = new ArrayList<>();
        for (String line : Files.readAllLines(file)) {
            int[] tokens = tokenizer.encode(
                    JsonMapper.shared().readTree(line).path("text").asString());
            sequences.add(Arrays.copyOf(tokens, Math.min(tokens.length, most)));
            prompts.add(new Profiled(sequences.getLast().length, layers(model.config())));
        }
        model.profile(
                sequences,
                (layer, tap, found, sumSquares, sum) -> {
                    for (int row = 0; row < found.length; row++) {
                        double[] sums =
                                prompts.get(found[row]).layers().get(layer).get(tap);
                        for (int channel = 0; channel < sums.length; channel++) {
                            sums[channel] += sumSquares[row * sums.length + channel];
                        }
                    }
                },
                Progress.NONE);
        return prompts;
    }

    private static List<Map<Tap, double[]>> layers(ModelConfig config) {
        List<Map<Tap, double[]>> layers = new ArrayList<>();
        for (int layer = 0; layer < config.layers(); layer++) {
            Map<Tap, double[]> taps = new EnumMap<>(Tap.class);
            for (Tap tap : Tap.values()) {
                taps.put(tap, new double[tap.channels(config)]);
            }
            layers.add(taps);
        }
        return layers;
    }

    /** What a worker sends of these prompts, by layer. Sums of x itself, which drift does not look at, are zero. */
    static List<ActivationNorms> flush(String flushId, Instant at, List<Profiled> prompts) {
        long tokens = prompts.stream().mapToLong(Profiled::tokens).sum();
        int count = prompts.getFirst().layers().size();
        List<ActivationNorms> layers = new ArrayList<>();
        for (int layer = 0; layer < count; layer++) {
            List<TapNorms> taps = new ArrayList<>();
            for (Tap tap : Tap.values()) {
                float[] squares = sum(prompts, layer, tap);
                taps.add(new TapNorms(tap.label(), squares, new float[squares.length]));
            }
            layers.add(new ActivationNorms(flushId, "trial", at, count, tokens, prompts.size(), 1, taps));
        }
        return layers;
    }

    private static float[] sum(List<Profiled> prompts, int layer, Tap tap) {
        int channels = prompts.getFirst().layers().get(layer).get(tap).length;
        float[] sums = new float[channels];
        for (int channel = 0; channel < channels; channel++) {
            double sum = 0;
            for (Profiled prompt : prompts) {
                sum += prompt.layers().get(layer).get(tap)[channel];
            }
            sums[channel] = (float) sum;
        }
        return sums;
    }
}
