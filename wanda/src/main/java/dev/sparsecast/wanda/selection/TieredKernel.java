package dev.sparsecast.wanda.selection;

import dev.sparsecast.checkpoint.ElementType;
import java.lang.foreign.Arena;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The vector kernel once the JVM has compiled it, the scalar one until then. Interpreted vector code is hundreds of times
 * slower than compiled, since every vector is an object, and it takes a second or more until the compiler comes; a small
 * model is pruned by then. So the scalar kernel begins, and when there is enough to do, a thread in the background runs the
 * vector kernel on some rows until it is fast. Both give the same bits.
 */
final class TieredKernel implements SelectionKernel {
    /** Weights after which the vector kernel is worth compiling. */
    private static final long WARM_UP_AFTER = 24L << 20;

    private static final int WARM_UP_ROWS = 64;

    /** Interpreted code takes hundreds. */
    private static final double COMPILED_NANOSECONDS_PER_WEIGHT = 5;

    private static final long GIVE_UP_NANOSECONDS = 60_000_000_000L;

    private final SelectionKernel vector = new VectorKernel();
    private final SelectionKernel scalar = new HistogramKernel();
    private final Map<Kind, Tier> tiers = new ConcurrentHashMap<>();
    private final long warmUpAfter;
    private final double compiledNanosecondsPerWeight;

    TieredKernel() {
        this(WARM_UP_AFTER, COMPILED_NANOSECONDS_PER_WEIGHT);
    }

    TieredKernel(long warmUpAfter, double compiledNanosecondsPerWeight) {
        this.warmUpAfter = warmUpAfter;
        this.compiledNanosecondsPerWeight = compiledNanosecondsPerWeight;
    }

    /** Whether jobs like this one are done by the vector kernel by now. */
    boolean isCompiled(SelectionJob job) {
        Tier tier = tiers.get(Kind.of(job));
        return tier != null && tier.compiled;
    }

    /** What is compiled on its own. */
    private record Kind(ElementType type, int group) {
        static Kind of(SelectionJob job) {
            return new Kind(
                    job.weights().type(),
                    switch (job.selection()) {
                        case Selection.LowestOfRow _ -> 0;
                        case Selection.LowestOfGroup group -> group.group();
                    });
        }
    }

    @Override
    public String label() {
        return vector.label();
    }

    @Override
    public RowSelector selector() {
        RowSelector slow = scalar.selector();
        RowSelector fast = vector.selector();
        return (job, fromRow, toRow) -> {
            Tier tier = tiers.computeIfAbsent(Kind.of(job), _ -> new Tier());
            if (tier.compiled) {
                return fast.select(job, fromRow, toRow);
            }
            tier.count(job, toRow - fromRow);
            return slow.select(job, fromRow, toRow);
        };
    }

    private final class Tier {
        private final AtomicLong weights = new AtomicLong();
        private volatile boolean compiled;

        void count(SelectionJob job, int rows) {
            long amount = (long) rows * job.weights().columns();
            long before = weights.getAndAdd(amount);
            if (before < warmUpAfter && before + amount >= warmUpAfter) {
                SelectionJob some = someRows(job);
                Thread.ofPlatform().daemon().name("kernel-warm-up").start(() -> warmUp(some));
            }
        }

        private void warmUp(SelectionJob job) {
            long begin = System.nanoTime();
            RowSelector selector = vector.selector();
            double weightsOfAll = (double) job.weights().rows()
                    * job.weights().columns()
                    * job.norms().size();
            while (job.weights().data().scope().isAlive() && System.nanoTime() - begin < GIVE_UP_NANOSECONDS) {
                long start = System.nanoTime();
                try {
                    selector.select(job, 0, job.weights().rows());
                } catch (IllegalStateException e) {
                    return; // the model was closed meanwhile
                }
                if ((System.nanoTime() - start) / weightsOfAll < compiledNanosecondsPerWeight) {
                    compiled = true;
                    return;
                }
            }
        }
    }

    /** The first rows, with masks of their own. */
    private static SelectionJob someRows(SelectionJob job) {
        WeightMatrix all = job.weights();
        int rows = Math.min(WARM_UP_ROWS, all.rows());
        Arena arena = Arena.ofAuto();
        return new SelectionJob(
                new WeightMatrix(all.type(), all.data().asSlice(0, all.offset(rows)), rows, all.columns()),
                job.norms(),
                job.selection(),
                job.masks().stream()
                        .map(_ -> arena.allocate((long) rows * SelectionJob.maskBytes(all.columns())))
                        .toList());
    }
}
