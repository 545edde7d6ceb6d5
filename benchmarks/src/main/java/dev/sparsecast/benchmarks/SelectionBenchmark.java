package dev.sparsecast.benchmarks;

import dev.sparsecast.checkpoint.ElementType;
import dev.sparsecast.wanda.parallel.TaskQueue;
import dev.sparsecast.wanda.selection.Kernels;
import dev.sparsecast.wanda.selection.Selection;
import dev.sparsecast.wanda.selection.SelectionJob;
import dev.sparsecast.wanda.selection.SelectionKernel;
import dev.sparsecast.wanda.selection.SelectionKernel.RowSelector;
import dev.sparsecast.wanda.selection.WeightMatrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.IntStream;

/**
 * Nanoseconds per weight of making masks, beside merely reading the same bytes: layers of Llama-7B and SmolLM2, bfloat16.
 * Each shape is a pool of matrices larger than any cache. {@code benchmarks/selection.sh} runs this several times, with
 * PyTorch on the same shapes between, and makes a table.
 *
 * <p>Arguments: seconds per figure, half of them to warm up (default 2); threads (default 2); weights in a pool, in units
 * of 2^20 (default 96; a matrix at least), of which few lie in the caches and leave out the cost of memory. Prints lines of layer, what
 * was measured, and the median, separated by tabs.
 */
public final class SelectionBenchmark {
    private static final int POOL_MEBI_WEIGHTS = 96;
    private static final int TASK_WEIGHTS = 1 << 19;
    private static final int READ_BYTES = 1 << 20;

    private record Shape(String name, int rows, int columns) {}

    private record Block(SelectionJob job, int from, int to) {}

    private static final List<Shape> SHAPES = List.of(
            new Shape("llama-7b q,k,v,o", 4096, 4096),
            new Shape("llama-7b gate,up", 11008, 4096),
            new Shape("llama-7b down", 4096, 11008),
            new Shape("smollm2-135m q,o", 576, 576),
            new Shape("smollm2-135m gate,up", 1536, 576),
            new Shape("smollm2-135m down", 576, 1536));

    private final double seconds;
    private final int threads;
    private final long poolWeights;

    private SelectionBenchmark(double seconds, int threads, long poolWeights) {
        this.seconds = seconds;
        this.threads = threads;
        this.poolWeights = poolWeights;
    }

    public static void main(String[] arguments) {
        double seconds = arguments.length > 0 ? Double.parseDouble(arguments[0]) : 2;
        int threads = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 2;
        long pool = arguments.length > 2 ? Long.parseLong(arguments[2]) : POOL_MEBI_WEIGHTS;
        SelectionBenchmark benchmark = new SelectionBenchmark(seconds, threads, pool << 20);
        SHAPES.forEach(benchmark::measure);
    }

    private void measure(Shape shape) {
        try (Arena arena = Arena.ofShared()) {
            int matrices = Math.toIntExact(Math.max(1, poolWeights / ((long) shape.rows * shape.columns)));
            long weights = (long) matrices * shape.rows * shape.columns;
            MemorySegment data = arena.allocate(2 * weights, Long.BYTES);
            SyntheticWeights.fill(data, 0, matrices * shape.rows, shape.columns, new SplittableRandom(2));
            report(shape, "reading", weights, () -> read(data));
            SelectionKernel kernel = Kernels.all().getLast();
            Selection half = new Selection.LowestOfRow(shape.columns / 2);
            Selection twoOfFour = new Selection.LowestOfGroup(2, 4);
            report(shape, "50 %", weights, work(arena, shape, data, kernel, half, 1));
            report(shape, "50 %, 4 at once", weights, work(arena, shape, data, kernel, half, 4));
            report(shape, "2:4", weights, work(arena, shape, data, kernel, twoOfFour, 1));
            report(
                    shape,
                    "50 %, scalar",
                    weights,
                    work(arena, shape, data, Kernels.all().get(1), half, 1));
        }
    }

    private Runnable work(
            Arena arena, Shape shape, MemorySegment data, SelectionKernel kernel, Selection selection, int norms) {
        long bytes = 2L * shape.rows * shape.columns;
        List<Block> blocks = new ArrayList<>();
        for (long offset = 0; offset < data.byteSize(); offset += bytes) {
            SelectionJob job = new SelectionJob(
                    new WeightMatrix(ElementType.BF16, data.asSlice(offset, bytes), shape.rows, shape.columns),
                    IntStream.range(0, norms)
                            .mapToObj(seed -> SyntheticWeights.norms(shape.columns, seed))
                            .toList(),
                    selection,
                    IntStream.range(0, norms)
                            .mapToObj(_ -> arena.allocate((long) shape.rows * SelectionJob.maskBytes(shape.columns)))
                            .toList());
            int step = Math.clamp(TASK_WEIGHTS / shape.columns, 1, shape.rows);
            for (int row = 0; row < shape.rows; row += step) {
                blocks.add(new Block(job, row, Math.min(row + step, shape.rows)));
            }
        }
        return () -> TaskQueue.run(threads, blocks.size(), () -> {
            RowSelector selector = kernel.selector();
            return task -> {
                Block block = blocks.get(task);
                if (selector.select(block.job, block.from, block.to) != RowSelector.ALL_FINITE) {
                    throw new IllegalStateException("weights are not finite");
                }
            };
        });
    }

    private void read(MemorySegment data) {
        LongAdder sums = new LongAdder();
        int pieces = Math.toIntExact(Math.ceilDiv(data.byteSize(), READ_BYTES));
        TaskQueue.run(threads, pieces, () -> task -> {
            long from = (long) task * READ_BYTES;
            sums.add(sum(data, from, Math.min(from + READ_BYTES, data.byteSize())));
        });
        if (sums.sum() == 42) {
            throw new IllegalStateException("this only keeps the compiler from leaving the sum out");
        }
    }

    private static long sum(MemorySegment data, long from, long to) {
        long a = 0;
        long b = 0;
        long c = 0;
        long d = 0;
        for (long i = from; i + 4 * Long.BYTES <= to; i += 4 * Long.BYTES) {
            a += data.get(ValueLayout.JAVA_LONG_UNALIGNED, i);
            b += data.get(ValueLayout.JAVA_LONG_UNALIGNED, i + Long.BYTES);
            c += data.get(ValueLayout.JAVA_LONG_UNALIGNED, i + 2 * Long.BYTES);
            d += data.get(ValueLayout.JAVA_LONG_UNALIGNED, i + 3 * Long.BYTES);
        }
        return a + b + c + d;
    }

    private void report(Shape shape, String what, long weights, Runnable work) {
        repeat(work, weights, seconds / 2);
        double[] times = repeat(work, weights, seconds / 2);
        System.out.printf(Locale.ROOT, "%s\t%s\t%.4f%n", shape.name(), what, times[times.length / 2]);
    }

    /** Nanoseconds per weight of each repetition, in ascending order. */
    private static double[] repeat(Runnable work, long weights, double seconds) {
        List<Double> times = new ArrayList<>();
        long begin = System.nanoTime();
        do {
            long start = System.nanoTime();
            work.run();
            times.add((System.nanoTime() - start) / (double) weights);
        } while ((System.nanoTime() - begin) / 1e9 < seconds);
        double[] sorted = times.stream().mapToDouble(Double::doubleValue).toArray();
        Arrays.sort(sorted);
        return sorted;
    }
}
