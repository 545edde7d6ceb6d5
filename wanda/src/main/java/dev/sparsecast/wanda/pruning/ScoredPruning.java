package dev.sparsecast.wanda.pruning;

import dev.sparsecast.checkpoint.PrunableModule;
import dev.sparsecast.checkpoint.Weights;
import dev.sparsecast.wanda.Calibration;
import dev.sparsecast.wanda.Pattern;
import dev.sparsecast.wanda.Progress;
import dev.sparsecast.wanda.ProgressMeter;
import dev.sparsecast.wanda.PruningException;
import dev.sparsecast.wanda.PruningParameters;
import dev.sparsecast.wanda.mask.Mask;
import dev.sparsecast.wanda.mask.SubModelMask;
import dev.sparsecast.wanda.parallel.TaskQueue;
import dev.sparsecast.wanda.selection.ActivationScores;
import dev.sparsecast.wanda.selection.RelativeImportance;
import dev.sparsecast.wanda.selection.RowScores;
import dev.sparsecast.wanda.selection.ScoredSelection;
import dev.sparsecast.wanda.selection.Selection;
import dev.sparsecast.wanda.selection.SelectionKernel.RowSelector;
import dev.sparsecast.wanda.selection.WeightMatrix;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Fills masks whose scores or ranks need the whole matrix, which {@link dev.sparsecast.wanda.selection.SelectionKernel}s
 * do not look at: one task for each module and sub-model.
 */
final class ScoredPruning {
    private final Weights weights;
    private final List<Calibration> calibrations;
    private final List<SubModelMask> subModels;

    ScoredPruning(Weights weights, List<Calibration> calibrations, List<SubModelMask> subModels) {
        this.weights = weights;
        this.calibrations = calibrations;
        this.subModels = subModels;
    }

    void run(int threads, Progress progress) {
        List<PrunableModule> modules = PrunableModule.of(weights.config());
        long total = modules.stream().mapToLong(PrunableModule::weights).sum() * subModels.size();
        ProgressMeter meter = new ProgressMeter(progress, "pruning", total);
        TaskQueue.run(threads, modules.size() * subModels.size(), () -> task -> {
            PrunableModule module = modules.get(task / subModels.size());
            int row = prune(module, task % subModels.size());
            if (row != RowSelector.ALL_FINITE) {
                throw PruningException.notFinite(module.name(), row);
            }
            meter.add(module.weights());
        });
    }

    private int prune(PrunableModule module, int subModel) {
        PruningParameters parameters = subModels.get(subModel).parameters();
        MemorySegment mask =
                subModels.get(subModel).mask(module.name()).map(Mask::bits).orElseThrow();
        RowScores scores = scores(module, calibrations.get(subModel), parameters);
        if (parameters.pattern() instanceof Pattern.WholeMatrix) {
            return ScoredSelection.ofMatrix(
                    scores, (long) (module.weights() * parameters.sparsity(module.layer())), mask);
        }
        return ScoredSelection.ofRows(
                scores, Selection.of(parameters, module.layer(), module.name(), module.columns()), mask);
    }

    private RowScores scores(PrunableModule module, Calibration calibration, PruningParameters parameters) {
        WeightMatrix matrix = WeightMatrix.of(weights.tensor(module.weight()));
        float[] norms = Pruner.factors(calibration, module, parameters);
        return switch (parameters.method()) {
            case WANDA, MAGNITUDE -> new ActivationScores(matrix, norms);
            case RIA -> RelativeImportance.of(matrix, norms);
        };
    }
}
