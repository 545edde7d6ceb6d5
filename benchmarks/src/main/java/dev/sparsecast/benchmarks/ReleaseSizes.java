package dev.sparsecast.benchmarks;

import dev.sparsecast.checkpoint.ModelConfig;
import dev.sparsecast.checkpoint.PrunableModule;
import dev.sparsecast.checkpoint.Tap;
import dev.sparsecast.wanda.delta.MaskDelta;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What a refresh ships of larger models, by their shapes:
 *
 * <pre>
 * recipe      4 · layers · (channels of the four taps)
 * mask        Σ rows · ⌈columns / 8⌉ over the prunable modules
 * delta       weights · H(p) / 8 · c, where a share p of the bits flips, H is the binary entropy in bits, and c what the
 *             format takes of it
 * checkpoint  2 · all weights
 * </pre>
 *
 * in bytes, without the headers, which are 20 kB for a recipe and less for the others.
 *
 * <pre>{@code ReleaseSizes C}</pre>
 */
public final class ReleaseSizes {
    private static final double[] FLIPS = {0.005, 0.02, 0.06};

    private ReleaseSizes() {}

    /** Prints a Markdown table. */
    public static void main(String[] arguments) {
        double ofEntropy = Double.parseDouble(arguments[0]);
        Map<String, ModelConfig> models = new LinkedHashMap<>();
        models.put("Llama-2-7B", ModelConfig.llama(4096, 11008, 32, 32, 32, 128, 32000, 4096, 1e-5, 1e4, false));
        models.put("Mistral-7B", ModelConfig.llama(4096, 14336, 32, 32, 8, 128, 32000, 32768, 1e-5, 1e4, false));
        models.put("Llama-3-8B", ModelConfig.llama(4096, 14336, 32, 32, 8, 128, 128256, 8192, 1e-5, 5e5, false));
        System.out.println("| model | recipe | delta at 0.5 % | at 2 % | at 6 % | mask | checkpoint |");
        System.out.println("| --- |" + " --- |".repeat(6));
        models.forEach((name, config) -> System.out.println(row(name, config, ofEntropy)));
    }

    private static String row(String name, ModelConfig config, double ofEntropy) {
        long weights = 0;
        long mask = 0;
        for (PrunableModule module : PrunableModule.of(config)) {
            weights += module.weights();
            mask += (long) module.rows() * Math.ceilDiv(module.columns(), Byte.SIZE);
        }
        long channels =
                Stream.of(Tap.values()).mapToLong(tap -> tap.channels(config)).sum();
        long recipe = Float.BYTES * config.layers() * channels;
        long tables = (config.tiedEmbeddings() ? 1L : 2L) * config.vocabularySize() * config.hiddenSize();
        long norms = (2L * config.layers() + 1) * config.hiddenSize();
        StringBuilder row = new StringBuilder("| ").append(name).append(" | ").append(megabytes(recipe));
        for (double share : FLIPS) {
            double entropy = new MaskDelta.Summary(weights, Math.round(share * weights), 0).entropyBytes();
            row.append(" | ").append(megabytes(entropy * ofEntropy));
        }
        return row.append(" | ")
                .append(megabytes(mask))
                .append(" | ")
                .append(megabytes(Short.BYTES * (weights + tables + norms)))
                .append(" |")
                .toString();
    }

    private static String megabytes(double bytes) {
        return String.format(Locale.ROOT, "%,.1f MB", bytes / 1e6);
    }
}
