package dev.sparsecast.wanda.structured;

import dev.sparsecast.checkpoint.ModelConfig;
import dev.sparsecast.checkpoint.Tap;
import dev.sparsecast.checkpoint.Tensor;
import dev.sparsecast.checkpoint.Weights;
import dev.sparsecast.checkpoint.statistics.ModelStatistics;
import dev.sparsecast.wanda.PruningException;
import dev.sparsecast.wanda.parallel.TaskQueue;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * Decides which heads and neurons go. Within a block those with the lowest {@link Fluctuation} go first, of equal ones the
 * first; key and value heads with all their query heads, by the sum over their channels. How the share is divided between
 * heads and neurons is tried out: of all numbers of heads, with the neurons that make up the rest, the one wins that
 * loses the least fluctuation, measured as the share that o's and down's inputs lose, added up over the blocks.
 */
final class CutPlanner {
    /** Neurons are kept in multiples of this, if the model's own number is one, so that matrices have handy shapes. */
    private static final int MULTIPLE = 16;

    private final ModelConfig config;
    private final double[][] heads;
    private final double[][] neurons;

    private CutPlanner(ModelConfig config) {
        this.config = config;
        this.heads = new double[config.layers()][];
        this.neurons = new double[config.layers()][];
    }

    /** Scores the heads and neurons of all blocks. */
    static CutPlanner of(Weights weights, ModelStatistics statistics, int threads) {
        CutPlanner planner = new CutPlanner(weights.config());
        int headChannels = weights.config().heads()
                / weights.config().keyValueHeads()
                * weights.config().headDim();
        TaskQueue.run(threads, planner.heads.length, () -> layer -> {
            planner.heads[layer] =
                    Fluctuation.grouped(scores(weights, statistics, layer, Tap.ATTENTION_OUTPUT), headChannels);
            planner.neurons[layer] = scores(weights, statistics, layer, Tap.MLP_HIDDEN);
        });
        return planner;
    }

    private static double[] scores(Weights weights, ModelStatistics statistics, int layer, Tap tap) {
        String module = Fluctuation.module(layer, tap);
        Tensor weight = weights.tensor(module + ".weight");
        double[] scores = Fluctuation.scores(weight, statistics.sums(layer, tap), statistics.tokens());
        if (!Double.isFinite(Arrays.stream(scores).sum())) {
            throw new PruningException(
                    "module " + module + " has a weight that is NaN or infinite: the checkpoint is damaged");
        }
        return scores;
    }

    /**
     * The cut for a share of the prunable weights.
     *
     * @param removedHeads key and value heads to remove from every block, if not to be decided here
     * @throws PruningException if so much cannot be removed
     */
    Cut plan(double share, OptionalInt removedHeads) {
        Cut best = null;
        double least = Double.POSITIVE_INFINITY;
        for (int removed : candidates(removedHeads)) {
            int removedNeurons = removedNeurons(share, removed);
            if (removedNeurons < 0 || removedNeurons >= config.intermediateSize()) {
                continue;
            }
            Cut cut = cut(config.keyValueHeads() - removed, config.intermediateSize() - removedNeurons);
            double loss = loss(cut);
            if (loss < least) {
                least = loss;
                best = cut;
            }
        }
        if (best == null) {
            throw new PruningException("sparsity " + share + " cannot be had"
                    + (removedHeads.isPresent()
                            ? " with " + removedHeads.getAsInt() + " key and value heads removed from every layer"
                            : " by removing heads and neurons, of which at least some must stay")
                    + ": choose another");
        }
        return best;
    }

    private int[] candidates(OptionalInt removedHeads) {
        int[] all = IntStream.range(0, config.keyValueHeads()).toArray();
        if (removedHeads.isEmpty()) {
            return all;
        }
        if (removedHeads.getAsInt() < 0 || removedHeads.getAsInt() >= all.length) {
            throw new PruningException("cannot remove " + removedHeads.getAsInt() + " of " + all.length
                    + " key and value heads: from 0 to " + (all.length - 1) + " can go");
        }
        return new int[] {removedHeads.getAsInt()};
    }

    /** Neurons to remove from every block beside some heads, rounded to what the multiple allows; may be out of range. */
    private int removedNeurons(double share, int removedHeads) {
        long hidden = config.hiddenSize();
        long head = 2L * config.headDim() * hidden * (config.heads() / config.keyValueHeads() + 1);
        long neuron = 3 * hidden;
        long block = head * config.keyValueHeads() + neuron * config.intermediateSize();
        int multiple = Math.min(MULTIPLE, Integer.lowestOneBit(config.intermediateSize()));
        return (int) Math.round((share * block - head * removedHeads) / neuron / multiple) * multiple;
    }

    private Cut cut(int keptHeads, int keptNeurons) {
        List<Cut.Kept> layers = new ArrayList<>();
        for (int layer = 0; layer < heads.length; layer++) {
            layers.add(new Cut.Kept(highest(heads[layer], keptHeads), highest(neurons[layer], keptNeurons)));
        }
        return new Cut(keptHeads, keptNeurons, layers);
    }

    /** The places of the highest scores, ascending; of equal ones the first go first. */
    static int[] highest(double[] scores, int count) {
        return IntStream.range(0, scores.length)
                .boxed()
                .sorted((a, b) -> Double.compare(scores[a], scores[b]))
                .skip(scores.length - count)
                .mapToInt(Integer::intValue)
                .sorted()
                .toArray();
    }

    private double loss(Cut cut) {
        double loss = 0;
        for (int layer = 0; layer < heads.length; layer++) {
            Cut.Kept kept = cut.layers().get(layer);
            loss += lostShare(heads[layer], kept.keyValueHeads()) + lostShare(neurons[layer], kept.neurons());
        }
        return loss;
    }

    private static double lostShare(double[] scores, int[] kept) {
        double all = Arrays.stream(scores).sum();
        return all == 0
                ? 0
                : 1 - Arrays.stream(kept).mapToDouble(i -> scores[i]).sum() / all;
    }
}
