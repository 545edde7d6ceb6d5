package dev.sparsecast.benchmarks;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.worker.model.LanguageModel;
import dev.sparsecast.worker.model.ModelOptions;
import dev.sparsecast.worker.model.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * What the engine keeps in memory: the same batch again and again, or batches of ever other shapes, and the resident memory
 * of the process (Linux) meanwhile. Start it with a fixed Java heap, {@code -Xms256m -Xmx256m -XX:+AlwaysPreTouch}.
 *
 * <pre>{@code ShapeMemory MODEL same|varying PASSES}</pre>
 */
public final class ShapeMemory {
    private static final int ROWS = 12;

    private ShapeMemory() {}

    /** Runs it. */
    public static void main(String[] arguments) throws IOException {
        boolean varying = arguments[1].equals("varying");
        int passes = Integer.parseInt(arguments[2]);
        Random random = new Random(1);
        try (Checkpoint checkpoint = Checkpoint.open(Path.of(arguments[0]));
                LanguageModel model = LanguageModel.load(checkpoint, ModelOptions.defaults())) {
            for (int pass = 0; pass <= passes; pass++) {
                if (pass % Math.max(1, passes / ROWS) == 0) {
                    System.out.printf("%d passes: %d MB%n", pass, residentBytes() / 1_000_000);
                }
                int sequences = varying ? 1 + random.nextInt(8) : 2;
                int[] tokens = new int[varying ? 16 + random.nextInt(100) : 48];
                Arrays.fill(tokens, 5);
                List<int[]> batch = Collections.nCopies(sequences, tokens);
                model.profile(batch, new int[sequences], (layer, tap, groups, squares, sum) -> {}, Progress.NONE);
            }
        }
    }

    private static long residentBytes() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmRSS"))
                .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("[^0-9]", "")))
                .findFirst()
                .orElseThrow();
    }
}
