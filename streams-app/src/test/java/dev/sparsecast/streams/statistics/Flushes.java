package dev.sparsecast.streams.statistics;

import dev.sparsecast.schemas.ActivationNorms;
import dev.sparsecast.schemas.SourceSketch;
import dev.sparsecast.schemas.TapNorms;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;

/** Makes norms with made-up numbers. */
public final class Flushes {
    public static final String GROUP = "tiny@0123/python/code";
    public static final int LAYERS = 3;

    private Flushes() {}

    public static String key(int layer) {
        return GROUP + "/" + layer;
    }

    /** Norms of a flush with random sums. */
    public static ActivationNorms random(String flushId, Instant at, RandomGenerator random) {
        return norms(
                flushId,
                at,
                random.nextLong(1, 500),
                List.of(tap("attention_input", 4, random), tap("mlp_hidden", 7, random)));
    }

    /** Norms of a flush in which every sum is {@code value}. */
    public static ActivationNorms constant(String flushId, Instant at, long tokens, float value) {
        return norms(
                flushId, at, tokens, List.of(new TapNorms("attention_input", new float[] {value, value}, new float[] {
                    value, value
                })));
    }

    /** Norms of a flush of some sources, as {@link #constant} otherwise. */
    public static ActivationNorms of(String flushId, Instant at, Set<String> sources) {
        ActivationNorms norms = constant(flushId, at, 10, 1);
        return new ActivationNorms(
                flushId,
                norms.worker(),
                at,
                LAYERS,
                norms.tokens(),
                norms.prompts(),
                sources.size(),
                SourceSketch.of(sources),
                norms.taps());
    }

    private static ActivationNorms norms(String flushId, Instant at, long tokens, List<TapNorms> taps) {
        return new ActivationNorms(flushId, "worker-1", at, LAYERS, tokens, 1 + tokens / 200, 1 + tokens % 3, taps);
    }

    private static TapNorms tap(String name, int channels, RandomGenerator random) {
        float[] squares = new float[channels];
        float[] sums = new float[channels];
        for (int channel = 0; channel < channels; channel++) {
            squares[channel] = random.nextFloat() * 1000;
            sums[channel] = (float) random.nextGaussian() * 30;
        }
        return new TapNorms(name, squares, sums);
    }
}
