package dev.sparsecast.benchmarks;

import dev.sparsecast.checkpoint.ElementType;
import dev.sparsecast.wanda.parallel.TaskQueue;
import dev.sparsecast.wanda.selection.Kernels;
import dev.sparsecast.wanda.selection.Selection;
import dev.sparsecast.wanda.selection.SelectionJob;
import dev.sparsecast.wanda.selection.SelectionKernel;
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
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * Nanoseconds per weight of making masks, beside merely reading the same bytes: layers of Llama-7B and SmolLM2, bfloat16.
 * Each shape is a pool of matrices larger than any cache. Weights are normal with row scales that vary by 10 %, norms are
 * log-normal. {@code benchmarks/selection_pytorch.py} measures PyTorch on the same shapes.
 *
 * <p>Arguments: seconds per figure (default 2), threads (default 2), repetitions (default 5, of which the median counts),
 * and, to measure just some, a part of their names.
 */
public final class SelectionBenchmark {
    private static final long POOL_WEIGHTS = 96L << 20;
    private static final int TASK_WEIGHTS = 1 << 19;

    private record Shape(String name, int rows, int columns) {}

    private static final List<Shape> SHAPES = List.of(
            new Shape("llama-7b q,k,v,o", 4096, 4096),
            new Shape("llama-7b gate,up", 11008, 4096),
            new Shape("llama-7b down", 4096, 11008),
            new Shape("smollm2-135m q,o", 576, 576),
            new Shape("smollm2-135m gate,up", 1536, 576),
            new Shape("smollm2-135m down", 576, 1536));

    private final double seconds;
    private final int threads;
    private final int repetitions;

    private SelectionBenchmark(double seconds, int threads, int repetitions) {
        this.seconds = seconds;
        this.threads = threads;
        this.repetitions = repetitions;
    }

    public static void main(String[] arguments) {
        double seconds = arguments.length > 0 ? Double.parseDouble(arguments[0]) : 2;
        int threads = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 2;
        int repetitions = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 5;
        String filter = arguments.length > 3 ? arguments[3] : "";
        SelectionBenchmark benchmark = new SelectionBenchmark(seconds, threads, repetitions);
        System.out.printf("%-24s%-34s%12s%12s%12s%n", "layer", "what", "median ns", "least ns", "x reading");
        for (Shape shape : SHAPES) {
            benchmark.measure(shape, filter);
        }
    }

    private void measure(Shape shape, String filter) {
        try (Arena arena = Arena.ofShared()) {
            List<WeightMatrix> pool = pool(arena, shape);
            double reading = report(shape, "reading", 0, () -> read(pool), filter);
            for (SelectionKernel kernel : Kernels.all()) {
                if (kernel.label().equals("stable-sort")) {
                    continue;
                }
                int half = shape.columns() / 2;
                select(arena, shape, pool, kernel, "50 %", 1, new Selection.LowestOfRow(half), reading, filter);
                select(
                        arena,
                        shape,
                        pool,
                        kernel,
                        "50 %, 4 at once",
                        4,
                        new Selection.LowestOfRow(half),
                        reading,
                        filter);
                select(arena, shape, pool, kernel, "2:4", 1, new Selection.LowestOfGroup(2, 4), reading, filter);
                select(arena, shape, pool, kernel, "4:8", 1, new Selection.LowestOfGroup(4, 8), reading, filter);
            }
        }
    }

    private void select(
            Arena arena,
            Shape shape,
            List<WeightMatrix> pool,
            SelectionKernel kernel,
            String what,
            int calibrations,
            Selection selection,
            double reading,
            String filter) {
        List<SelectionJob> jobs = pool.stream()
                .map(matrix -> new SelectionJob(
                        matrix,
                        IntStream.range(0, calibrations)
                                .mapToObj(seed -> norms(shape.columns(), seed))
                                .toList(),
                        selection,
                        IntStream.range(0, calibrations)
                                .mapToObj(i ->
                                        arena.allocate((long) shape.rows() * SelectionJob.maskBytes(shape.columns())))
                                .toList()))
                .toList();
        report(shape, kernel.label() + ", " + what, reading, () -> run(jobs, kernel), filter);
    }

    private void run(List<SelectionJob> jobs, SelectionKernel kernel) {
        record Block(SelectionJob job, int from, int to) {}
        List<Block> blocks = new ArrayList<>();
        for (SelectionJob job : jobs) {
            int rows = job.weights().rows();
            int step = Math.clamp(TASK_WEIGHTS / job.weights().columns(), 1, rows);
            for (int row = 0; row < rows; row += step) {
                blocks.add(new Block(job, row, Math.min(row + step, rows)));
            }
        }
        TaskQueue.run(threads, blocks.size(), () -> {
            SelectionKernel.RowSelector selector = kernel.selector();
            return task -> {
                Block block = blocks.get(task);
                if (selector.select(block.job, block.from, block.to) != SelectionKernel.RowSelector.ALL_FINITE) {
                    throw new IllegalStateException("weights are not finite");
                }
            };
        });
    }

    private void read(List<WeightMatrix> pool) {
        LongAdder sums = new LongAdder();
        long piece = 1 << 20;
        long perMatrix = pool.getFirst().data().byteSize() / piece;
        TaskQueue.run(threads, Math.toIntExact(pool.size() * Math.max(perMatrix, 1)), () -> (IntConsumer) task -> {
            MemorySegment data = pool.get((int) (task / Math.max(perMatrix, 1))).data();
            long from = task % Math.max(perMatrix, 1) * piece;
            long to = perMatrix == 0 ? data.byteSize() : from + piece;
            sums.add(sum(data, from, to));
        });
        if (sums.sum() == 42) {
            System.out.println("unlikely");
        }
    }

    private static long sum(MemorySegment data, long from, long to) {
        long a = 0;
        long b = 0;
        long c = 0;
        long d = 0;
        for (long i = from; i + 32 <= to; i += 32) {
            a += data.get(ValueLayout.JAVA_LONG_UNALIGNED, i);
            b += data.get(ValueLayout.JAVA_LONG_UNALIGNED, i + 8);
            c += data.get(ValueLayout.JAVA_LONG_UNALIGNED, i + 16);
            d += data.get(ValueLayout.JAVA_LONG_UNALIGNED, i + 24);
        }
        return a + b + c + d;
    }

    /** Repeats some work for a while after as long a warm-up; returns the median time. */
    private double report(Shape shape, String what, double reading, Runnable work, String filter) {
        if (!what.equals("reading") && !(shape.name() + " " + what).contains(filter)) {
            return 0;
        }
        long weights = POOL_WEIGHTS / ((long) shape.rows() * shape.columns()) * shape.rows() * shape.columns();
        time(work, seconds);
        double[] times = new double[repetitions];
        for (int i = 0; i < repetitions; i++) {
            times[i] = time(work, seconds / repetitions) * 1e9 / weights;
        }
        Arrays.sort(times);
        double median = times[repetitions / 2];
        System.out.printf(
                Locale.ROOT,
                "%-24s%-34s%12.4f%12.4f%12s%n",
                shape.name(),
                what,
                median,
                times[0],
                reading == 0 ? "" : String.format(Locale.ROOT, "%.1f", median / reading));
        return median;
    }

    private static double time(Runnable work, double seconds) {
        long start = System.nanoTime();
        long runs = 0;
        double elapsed;
        do {
            work.run();
            runs++;
            elapsed = (System.nanoTime() - start) / 1e9;
        } while (elapsed < seconds);
        return elapsed / runs;
    }

    private static List<WeightMatrix> pool(Arena arena, Shape shape) {
        SplittableRandom random = new SplittableRandom(1);
        float[] normal = new float[1 << 16];
        for (int i = 0; i < normal.length; i++) {
            normal[i] = (float) (0.02 * random.nextGaussian());
        }
        int matrices = Math.toIntExact(POOL_WEIGHTS / ((long) shape.rows() * shape.columns()));
        List<WeightMatrix> pool = new ArrayList<>();
        for (int i = 0; i < matrices; i++) {
            MemorySegment data = arena.allocate(2L * shape.rows() * shape.columns());
            long index = 0;
            for (int row = 0; row < shape.rows(); row++) {
                float scale = (float) Math.exp(0.1 * random.nextGaussian());
                for (int column = 0; column < shape.columns(); column++) {
                    float value = scale * normal[random.nextInt() >>> 16];
                    data.setAtIndex(
                            ValueLayout.JAVA_SHORT_UNALIGNED, index++, (short) (Float.floatToRawIntBits(value) >>> 16));
                }
            }
            pool.add(new WeightMatrix(ElementType.BF16, data, shape.rows(), shape.columns()));
        }
        return pool;
    }

    private static float[] norms(int columns, int seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] norms = new float[columns];
        for (int i = 0; i < columns; i++) {
            norms[i] = (float) Math.exp(0.5 * random.nextGaussian());
        }
        return norms;
    }
}
