package dev.sparsecast.benchmarks;

import dev.sparsecast.checkpoint.CheckpointException;
import dev.sparsecast.checkpoint.ElementType;
import dev.sparsecast.checkpoint.ModelConfig;
import dev.sparsecast.checkpoint.PrunableModule;
import dev.sparsecast.checkpoint.Tap;
import dev.sparsecast.checkpoint.Tensor;
import dev.sparsecast.checkpoint.Weights;
import dev.sparsecast.wanda.Calibration;
import dev.sparsecast.wanda.Method;
import dev.sparsecast.wanda.Pattern;
import dev.sparsecast.wanda.PruningParameters;
import dev.sparsecast.wanda.mask.SubModelMask;
import dev.sparsecast.wanda.pruning.Pruner;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Prunes a model of Llama-7B's shape, whose 32 blocks are one block of made-up weights, mapped 32 times: every block has
 * pages of its own to fault in, as a real checkpoint would, while the file takes 405 MB instead of 13 GB. Run it with a
 * small heap ({@code -Xmx256m}) to see that no more is needed.
 *
 * <p>Arguments: file of the block, made if absent; number of calibrations (default 4); threads (default 2); pattern
 * (default {@code unstructured}).
 */
public final class SelectionAtScale {
    private static final ModelConfig LLAMA_7B =
            ModelConfig.llama(4096, 11008, 32, 32, 32, 128, 32000, 4096, 1e-5, 10000, false);

    private SelectionAtScale() {}

    public static void main(String[] arguments) throws IOException {
        Path file = Path.of(arguments[0]);
        int calibrations = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 4;
        int threads = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 2;
        Pattern pattern = Pattern.parse(arguments.length > 3 ? arguments[3] : "unstructured");
        if (!Files.exists(file)) {
            write(file);
        }
        List<Calibration> mixes = new ArrayList<>();
        for (int i = 0; i < calibrations; i++) {
            mixes.add(calibration(i));
        }
        PruningParameters parameters = new PruningParameters(Method.WANDA, pattern, 0.5);
        try (Arena arena = Arena.ofShared()) {
            Weights weights = map(file, arena);
            long count = PrunableModule.of(LLAMA_7B).stream()
                    .mapToLong(PrunableModule::weights)
                    .sum();
            long start = System.nanoTime();
            List<SubModelMask> masks = new Pruner().prune(weights, mixes, parameters, threads);
            double seconds = (System.nanoTime() - start) / 1e9;
            System.out.printf(
                    Locale.ROOT,
                    "%d weights, %d masks of %s, %d threads: %.2f s, %.4f ns per weight, %.2f GB/s of weights, heap at most"
                            + " %d MB%n",
                    count,
                    masks.size(),
                    pattern.label(),
                    threads,
                    seconds,
                    seconds * 1e9 / count,
                    2 * count / seconds / 1e9,
                    peakHeap() >> 20);
        }
    }

    /** The sum of the heap's pools' peaks, which is no less than the heap's peak. */
    private static long peakHeap() {
        return ManagementFactory.getMemoryPoolMXBeans().stream()
                .filter(pool -> pool.getType() == MemoryType.HEAP)
                .map(MemoryPoolMXBean::getPeakUsage)
                .mapToLong(usage -> usage.getUsed())
                .sum();
    }

    private static List<PrunableModule> firstBlock() {
        return PrunableModule.of(LLAMA_7B).stream()
                .filter(module -> module.layer() == 0)
                .toList();
    }

    private static void write(Path file) throws IOException {
        long weights = firstBlock().stream().mapToLong(PrunableModule::weights).sum();
        SplittableRandom random = new SplittableRandom(7);
        try (Arena arena = Arena.ofConfined();
                FileChannel channel = FileChannel.open(
                        file, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            MemorySegment data = channel.map(FileChannel.MapMode.READ_WRITE, 0, 2 * weights, arena);
            long index = 0;
            for (PrunableModule module : firstBlock()) {
                index = SyntheticWeights.fill(data, index, module.rows(), module.columns(), random);
            }
        }
    }

    private static Calibration calibration(int seed) {
        List<Map<Tap, float[]>> layers = new ArrayList<>();
        for (int layer = 0; layer < LLAMA_7B.layers(); layer++) {
            Map<Tap, float[]> taps = new EnumMap<>(Tap.class);
            for (Tap tap : Tap.values()) {
                taps.put(tap, SyntheticWeights.norms(tap.channels(LLAMA_7B), seed * 1000L + layer));
            }
            layers.add(taps);
        }
        return Calibration.ofNorms(layers, "sha256:made-up");
    }

    private static Weights map(Path file, Arena arena) throws IOException {
        Map<String, Tensor> tensors = new HashMap<>();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            for (int layer = 0; layer < LLAMA_7B.layers(); layer++) {
                MemorySegment block = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
                long offset = 0;
                for (PrunableModule module : firstBlock()) {
                    String name = module.weight().replace("layers.0.", "layers." + layer + ".");
                    long bytes = 2 * module.weights();
                    tensors.put(
                            name,
                            new Tensor(
                                    name,
                                    ElementType.BF16,
                                    List.of((long) module.rows(), (long) module.columns()),
                                    block.asSlice(offset, bytes)));
                    offset += bytes;
                }
            }
        }
        return new Weights() {
            @Override
            public ModelConfig config() {
                return LLAMA_7B;
            }

            @Override
            public Tensor tensor(String name) {
                Tensor tensor = tensors.get(name);
                if (tensor == null) {
                    throw new CheckpointException("there is no tensor " + name);
                }
                return tensor;
            }

            @Override
            public boolean hasTensor(String name) {
                return tensors.containsKey(name);
            }
        };
    }
}
