package dev.sparsecast.pruner.sequential;

import dev.sparsecast.checkpoint.ModelConfig;
import dev.sparsecast.checkpoint.Tap;
import dev.sparsecast.checkpoint.Weights;
import dev.sparsecast.checkpoint.statistics.ModelStatistics;
import dev.sparsecast.checkpoint.statistics.TapSums;
import dev.sparsecast.wanda.Budget;
import dev.sparsecast.wanda.Calibration;
import dev.sparsecast.wanda.Progress;
import dev.sparsecast.wanda.PruningException;
import dev.sparsecast.wanda.PruningParameters;
import dev.sparsecast.wanda.mask.Mask;
import dev.sparsecast.wanda.mask.MaskedWeights;
import dev.sparsecast.wanda.mask.SubModelMask;
import dev.sparsecast.wanda.pruning.PruneRun.Made;
import dev.sparsecast.wanda.pruning.Pruner;
import dev.sparsecast.worker.model.ActivationObserver;
import dev.sparsecast.worker.model.LayerwiseModel;
import dev.sparsecast.worker.model.ModelOptions;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Pruning block by block, as the code of Wanda's authors does (Sun et al., ICLR 2024, section 3): the inputs of a block are
 * what the pruned blocks before it put out. All linear layers of a block are scored with the activations of its dense
 * weights; then the pruned block is run to make the inputs of the next. Statistics of live traffic cannot be had this way,
 * as they are those of the dense model.
 */
public final class SequentialPruning {
    private final Weights base;
    private final String modelDigest;
    private final PruningParameters parameters;
    private final int threads;
    private double selectionSeconds;

    private SequentialPruning(Weights base, String modelDigest, PruningParameters parameters, int threads) {
        this.base = base;
        this.modelDigest = modelDigest;
        this.parameters = parameters;
        this.threads = threads;
    }

    /**
     * Prunes.
     *
     * @param modelDigest digest of the base model
     * @param sequences token ids to calibrate with, each no longer than the model's positions
     * @param progress told the blocks done, as stage {@code profiling and pruning}
     * @throws PruningException if the budget is not uniform, which needs all blocks at once, a pattern does not divide a
     *     module's columns, or a weight is not finite
     */
    public static Made prune(
            Weights base,
            String modelDigest,
            List<int[]> sequences,
            PruningParameters parameters,
            ModelOptions options,
            int threads,
            Progress progress) {
        if (!parameters.budget().equals(Budget.UNIFORM)) {
            throw new PruningException(
                    "budget " + parameters.budget().label()
                            + " needs the statistics of all blocks at once and cannot be used sequentially: use budget uniform");
        }
        return new SequentialPruning(base, modelDigest, parameters, threads).run(sequences, options, progress);
    }

    private Made run(List<int[]> sequences, ModelOptions options, Progress progress) {
        ModelConfig config = base.config();
        SubModelMask mask = SubModelMask.allocate(modelDigest, parameters, config);
        MaskedWeights pruned = new MaskedWeights(base, mask);
        long tokens = sequences.stream().mapToLong(sequence -> sequence.length).sum();
        try (LayerwiseModel model = LayerwiseModel.start(base, sequences, options)) {
            while (model.layer() < config.layers()) {
                BlockSums sums = new BlockSums(config);
                model.profile(base, sums);
                ModelStatistics statistics = new ModelStatistics(
                        tokens,
                        sequences.size(),
                        ModelStatistics.MIXED,
                        ModelStatistics.MIXED,
                        Optional.of(modelDigest),
                        List.of(sums.taps));
                pruneBlock(new SingleBlock(base, model.layer()), statistics, mask);
                model.advance(pruned);
                progress.advanced("profiling and pruning", model.layer(), config.layers());
            }
        }
        return new Made(mask, selectionSeconds);
    }

    /** Fills in the masks of one block. */
    private void pruneBlock(SingleBlock block, ModelStatistics statistics, SubModelMask mask) {
        long start = System.nanoTime();
        Calibration calibration = Calibration.of(statistics, block.config(), modelDigest);
        List<SubModelMask> made = new Pruner().prune(block, List.of(calibration), parameters, threads);
        for (Mask found : made.getFirst().masks()) {
            Mask target = mask.mask(block.inBase(found.module())).orElseThrow();
            target.bits().copyFrom(found.bits());
        }
        selectionSeconds += (System.nanoTime() - start) / 1e9;
    }

    /** Float64 sums of one block's taps over all sequences. */
    private static final class BlockSums implements ActivationObserver {
        final Map<Tap, TapSums> taps = new EnumMap<>(Tap.class);

        BlockSums(ModelConfig config) {
            for (Tap tap : Tap.values()) {
                int channels = tap.channels(config);
                taps.put(tap, new TapSums(new double[channels], new double[channels]));
            }
        }

        @Override
        public void observe(int layer, Tap tap, int[] rows, float[] sumSquares, float[] sum) {
            TapSums totals = Objects.requireNonNull(taps.get(tap));
            for (int i = 0; i < sum.length; i++) {
                totals.sumSquares()[i % totals.channels()] += sumSquares[i];
                totals.sum()[i % totals.channels()] += sum[i];
            }
        }
    }
}
