package dev.sparsecast.wanda;

import dev.sparsecast.checkpoint.ModelConfig;
import dev.sparsecast.checkpoint.Tap;
import dev.sparsecast.checkpoint.statistics.ModelStatistics;
import dev.sparsecast.checkpoint.statistics.TapSums;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a sub-model is calibrated with: for each decoder block and tap the root mean square of every input channel,
 * {@code float32(sqrt(Σx² / n))}, divided and rooted in float64 and then rounded once.
 */
public final class Calibration {
    private static final Logger LOG = LoggerFactory.getLogger(Calibration.class);

    private final String modelDigest;
    private final List<Map<Tap, float[]>> norms;

    private Calibration(String modelDigest, List<Map<Tap, float[]>> norms) {
        this.modelDigest = modelDigest;
        this.norms = norms;
    }

    /**
     * The calibration that statistics give for a model.
     *
     * @param modelDigest the model's digest; statistics that name another are refused, those that name none are taken
     *     with a warning
     * @throws PruningException if the statistics are of another model or shape, hold no tokens, or are not finite
     */
    public static Calibration of(ModelStatistics statistics, ModelConfig config, String modelDigest) {
        checkModel(statistics, modelDigest);
        if (!(statistics.tokens() > 0 && Double.isFinite(statistics.tokens()))) {
            throw new PruningException("the statistics are over " + statistics.tokens()
                    + " tokens: profile at least one prompt before pruning");
        }
        List<Map<Tap, float[]>> layers = new ArrayList<>();
        for (int layer = 0; layer < statistics.layers().size(); layer++) {
            Map<Tap, float[]> taps = new EnumMap<>(Tap.class);
            for (Tap tap : Tap.values()) {
                TapSums sums = statistics.layers().get(layer).get(tap);
                String module = module(layer, tap);
                if (sums == null) {
                    throw new PruningException("the statistics have nothing for module " + module
                            + ": they were taken from another kind of model");
                }
                taps.put(tap, rootMeanSquares(sums.sumSquares(), statistics.tokens(), module));
            }
            layers.add(taps);
        }
        Calibration calibration = ofNorms(layers, modelDigest);
        calibration.checkFits(config);
        return calibration;
    }

    /**
     * A calibration from the norms themselves, as a recipe carries them.
     *
     * @param norms for each decoder block the finite, non-negative norms of its four taps; copied
     * @throws PruningException if a tap is missing or a value cannot be used
     */
    public static Calibration ofNorms(List<Map<Tap, float[]>> norms, String modelDigest) {
        List<Map<Tap, float[]>> copy = new ArrayList<>();
        for (int layer = 0; layer < norms.size(); layer++) {
            Map<Tap, float[]> taps = new EnumMap<>(Tap.class);
            for (Tap tap : Tap.values()) {
                float[] values = norms.get(layer).get(tap);
                String module = module(layer, tap);
                if (values == null) {
                    throw new PruningException("there are no norms for module " + module + ": profile again");
                }
                taps.put(tap, checked(values, module));
            }
            copy.add(taps);
        }
        return new Calibration(modelDigest, List.copyOf(copy));
    }

    /** No activations at all: every norm is 1, so that scores are magnitudes. */
    public static Calibration none(ModelConfig config, String modelDigest) {
        List<Map<Tap, float[]>> layers = new ArrayList<>();
        for (int layer = 0; layer < config.layers(); layer++) {
            Map<Tap, float[]> taps = new EnumMap<>(Tap.class);
            for (Tap tap : Tap.values()) {
                float[] ones = new float[tap.channels(config)];
                Arrays.fill(ones, 1);
                taps.put(tap, ones);
            }
            layers.add(taps);
        }
        return new Calibration(modelDigest, List.copyOf(layers));
    }

    /** Digest of the model that this is a calibration for, {@code sha256:…}. */
    public String modelDigest() {
        return modelDigest;
    }

    /** Number of decoder blocks. */
    public int layers() {
        return norms.size();
    }

    /** A copy of the norms of one tap, a value for each channel. */
    public float[] norms(int layer, Tap tap) {
        return tap(layer, tap).clone();
    }

    /**
     * Checks that there is a norm for every input channel of a model.
     *
     * @throws PruningException naming the first module that does not fit
     */
    public void checkFits(ModelConfig config) {
        if (norms.size() != config.layers()) {
            throw new PruningException("the statistics have " + norms.size() + " layers but the model has "
                    + config.layers() + ": they were taken from another model");
        }
        for (int layer = 0; layer < norms.size(); layer++) {
            for (Tap tap : Tap.values()) {
                if (tap(layer, tap).length != tap.channels(config)) {
                    throw new PruningException("module " + module(layer, tap) + " has " + tap.channels(config)
                            + " input channels but the statistics have " + tap(layer, tap).length
                            + ": they were taken from another model");
                }
            }
        }
    }

    private float[] tap(int layer, Tap tap) {
        float[] values = norms.get(layer).get(tap);
        if (values == null) {
            throw new IllegalStateException("no norms for " + module(layer, tap));
        }
        return values;
    }

    private static void checkModel(ModelStatistics statistics, String modelDigest) {
        statistics
                .modelDigest()
                .ifPresentOrElse(
                        digest -> {
                            if (!digest.equals(modelDigest)) {
                                throw new PruningException("the statistics were taken from model " + digest
                                        + " but this model is " + modelDigest + ": profile this model instead");
                            }
                        },
                        () -> LOG.atWarn()
                                .addKeyValue("model", modelDigest)
                                .addKeyValue("language", statistics.language())
                                .addKeyValue("domain", statistics.domain())
                                .log("The statistics do not name their model, so it could not be checked"));
    }

    private static float[] rootMeanSquares(double[] sumSquares, double tokens, String module) {
        float[] norms = new float[sumSquares.length];
        for (int channel = 0; channel < norms.length; channel++) {
            // NaN for a negative sum; checked with the others
            norms[channel] = (float) Math.sqrt(sumSquares[channel] / tokens);
            if (!Float.isFinite(norms[channel])) {
                throw new PruningException("the statistics of module " + module + " hold a sum of squares of "
                        + sumSquares[channel] + " at channel " + channel + ": profile again");
            }
        }
        return norms;
    }

    private static float[] checked(float[] values, String module) {
        float[] copy = new float[values.length];
        for (int channel = 0; channel < copy.length; channel++) {
            if (!(values[channel] >= 0 && Float.isFinite(values[channel]))) {
                throw new PruningException("the norms of module " + module + " hold " + values[channel] + " at channel "
                        + channel + ": they must be finite and not negative");
            }
            copy[channel] = Math.abs(values[channel]); // -0 to +0
        }
        return copy;
    }

    private static String module(int layer, Tap tap) {
        return "model.layers." + layer + "." + tap.modules().getFirst();
    }
}
