package dev.sparsecast.streams.drift;

import dev.sparsecast.schemas.ActivationNorms;
import dev.sparsecast.schemas.TapNorms;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Made-up traffic: channels have root mean squares of their own, every prompt scatters around them, and a shift moves them.
 */
final class Traffic {
    static final int LAYERS = 2;
    static final int PROMPT_TOKENS = 200;
    private static final int CHANNELS = 64;
    private static final double SCATTER = 0.3;

    private final RandomGenerator random;
    private final List<double[]> levels = new ArrayList<>();
    private final List<double[]> directions = new ArrayList<>();
    private int flushes;

    Traffic(RandomGenerator random) {
        this.random = random;
        for (int layer = 0; layer < LAYERS; layer++) {
            levels.add(random.doubles(CHANNELS, 0.5, 2).toArray());
            directions.add(random.doubles(CHANNELS, -1, 1).toArray());
        }
    }

    /**
     * The norms of one flush, one for each layer.
     *
     * @param shift relative L2 distance that the root mean squares are moved by, roughly
     */
    List<ActivationNorms> flush(Instant at, int prompts, double shift) {
        flushes++;
        List<ActivationNorms> layers = new ArrayList<>();
        for (int layer = 0; layer < LAYERS; layer++) {
            float[] squares = new float[CHANNELS];
            for (int channel = 0; channel < CHANNELS; channel++) {
                double level = levels.get(layer)[channel]
                        * (1 + shift * Math.sqrt(3) * directions.get(layer)[channel]);
                double scattered = level * (1 + SCATTER * random.nextGaussian() / Math.sqrt(prompts));
                squares[channel] = (float) (scattered * scattered * prompts * PROMPT_TOKENS);
            }
            layers.add(new ActivationNorms(
                    "flush-" + flushes,
                    "worker-1",
                    at,
                    LAYERS,
                    (long) prompts * PROMPT_TOKENS,
                    prompts,
                    1,
                    List.of(new TapNorms("mlp_input", squares, new float[CHANNELS]))));
        }
        return layers;
    }
}
