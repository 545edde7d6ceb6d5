package dev.sparsecast.wanda.pruning;

import dev.sparsecast.checkpoint.PrunableModule;
import dev.sparsecast.checkpoint.Weights;
import dev.sparsecast.wanda.Calibration;
import dev.sparsecast.wanda.Method;
import dev.sparsecast.wanda.Pattern;
import dev.sparsecast.wanda.Progress;
import dev.sparsecast.wanda.ProgressMeter;
import dev.sparsecast.wanda.PruningException;
import dev.sparsecast.wanda.PruningParameters;
import dev.sparsecast.wanda.budget.OutlierBudgets;
import dev.sparsecast.wanda.mask.Mask;
import dev.sparsecast.wanda.mask.SubModelMask;
import dev.sparsecast.wanda.parallel.TaskQueue;
import dev.sparsecast.wanda.selection.Kernels;
import dev.sparsecast.wanda.selection.Selection;
import dev.sparsecast.wanda.selection.SelectionJob;
import dev.sparsecast.wanda.selection.SelectionKernel;
import dev.sparsecast.wanda.selection.SelectionKernel.RowSelector;
import dev.sparsecast.wanda.selection.WeightMatrix;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;

/**
 * Makes sub-models of a model: every prunable module, rows in parallel, any number of calibrations in one pass over the
 * weights. Weights are read where they lie (a mapped file), masks are written outside the heap; the heap holds no more
 * than some rows for each thread.
 */
public final class Pruner {
    /** Weights of one task: enough to make the hand-over cheap, few enough to keep all threads busy to the end. */
    private static final int TASK_WEIGHTS = 1 << 19;

    private final SelectionKernel kernel;

    /** With the fastest kernel that this machine can run. */
    public Pruner() {
        this(Kernels.fastest());
    }

    public Pruner(SelectionKernel kernel) {
        this.kernel = kernel;
    }

    /** {@link #prune(Weights, List, PruningParameters, int, Progress)} without progress. */
    public List<SubModelMask> prune(
            Weights weights, List<Calibration> calibrations, PruningParameters parameters, int threads) {
        return prune(weights, calibrations, parameters, threads, Progress.SILENT);
    }

    /**
     * Makes one sub-model for each calibration. The result depends on weights, calibrations and parameters alone, not on
     * kernel or threads.
     *
     * @param progress told the weights done, as stage {@code pruning}
     * @throws PruningException if a calibration does not fit the model, a pattern does not divide a module's columns, or
     *     a module has a weight that is NaN or infinite
     */
    public List<SubModelMask> prune(
            Weights weights,
            List<Calibration> calibrations,
            PruningParameters parameters,
            int threads,
            Progress progress) {
        List<SubModelMask> subModels = new ArrayList<>();
        for (Calibration calibration : calibrations) {
            calibration.checkFits(weights.config());
            PruningParameters resolved = OutlierBudgets.resolve(parameters, weights, calibration, threads);
            subModels.add(SubModelMask.allocate(calibration.modelDigest(), resolved, weights.config()));
        }
        if (parameters.method() == Method.RIA || parameters.pattern() instanceof Pattern.WholeMatrix) {
            new ScoredPruning(weights, calibrations, subModels).run(threads, progress);
        } else {
            pruneByKernel(weights, calibrations, subModels, threads, progress);
        }
        return List.copyOf(subModels);
    }

    private void pruneByKernel(
            Weights weights,
            List<Calibration> calibrations,
            List<SubModelMask> subModels,
            int threads,
            Progress progress) {
        List<Block> blocks = new ArrayList<>();
        long total = 0;
        for (PrunableModule module : PrunableModule.of(weights.config())) {
            for (SelectionJob job : jobs(weights, module, calibrations, subModels)) {
                int rows = Math.clamp(TASK_WEIGHTS / module.columns(), 1, module.rows());
                for (int row = 0; row < module.rows(); row += rows) {
                    blocks.add(new Block(module, job, row, Math.min(row + rows, module.rows())));
                }
                total += module.weights();
            }
        }
        ProgressMeter meter = new ProgressMeter(progress, "pruning", total);
        TaskQueue.run(threads, blocks.size(), () -> worker(blocks, meter));
    }

    private IntConsumer worker(List<Block> blocks, ProgressMeter meter) {
        RowSelector selector = kernel.selector();
        return task -> {
            Block block = blocks.get(task);
            int row = selector.select(block.job, block.fromRow, block.toRow);
            if (row != RowSelector.ALL_FINITE) {
                throw PruningException.notFinite(block.module.name(), row);
            }
            meter.add((long) (block.toRow - block.fromRow) * block.module.columns());
        };
    }

    /** One job for all calibrations if they prune as much of this module, else one for each. */
    private static List<SelectionJob> jobs(
            Weights weights, PrunableModule module, List<Calibration> calibrations, List<SubModelMask> subModels) {
        Map<Selection, List<Integer>> selections = new LinkedHashMap<>();
        for (int i = 0; i < subModels.size(); i++) {
            Selection selection =
                    Selection.of(subModels.get(i).parameters(), module.layer(), module.name(), module.columns());
            selections.computeIfAbsent(selection, _ -> new ArrayList<>()).add(i);
        }
        WeightMatrix matrix = WeightMatrix.of(weights.tensor(module.weight()));
        List<SelectionJob> jobs = new ArrayList<>();
        selections.forEach((selection, members) -> {
            List<float[]> norms = new ArrayList<>();
            List<MemorySegment> masks = new ArrayList<>();
            for (int i : members) {
                norms.add(factors(calibrations.get(i), module, subModels.get(i).parameters()));
                masks.add(subModels.get(i).mask(module.name()).map(Mask::bits).orElseThrow());
            }
            jobs.add(new SelectionJob(matrix, norms, selection, masks));
        });
        return jobs;
    }

    /** What {@code |W_ij|} is multiplied with: the norm of channel j, or 1. */
    static float[] factors(Calibration calibration, PrunableModule module, PruningParameters parameters) {
        if (parameters.method().usesActivations()) {
            return calibration.norms(module.layer(), module.tap());
        }
        float[] ones = new float[module.columns()];
        Arrays.fill(ones, 1);
        return ones;
    }

    private record Block(PrunableModule module, SelectionJob job, int fromRow, int toRow) {}
}
