package dev.sparsecast.pruner.sequential;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.checkpoint.PrunableModule;
import dev.sparsecast.checkpoint.Tap;
import dev.sparsecast.checkpoint.statistics.ModelStatistics;
import dev.sparsecast.checkpoint.statistics.TapSums;
import dev.sparsecast.pruner.TinyCoder;
import dev.sparsecast.wanda.Calibration;
import dev.sparsecast.wanda.Progress;
import dev.sparsecast.wanda.PruningParameters;
import dev.sparsecast.wanda.mask.Mask;
import dev.sparsecast.wanda.mask.MaskComparison;
import dev.sparsecast.wanda.mask.MaskedWeights;
import dev.sparsecast.wanda.mask.SubModelMask;
import dev.sparsecast.wanda.pruning.PruneRun;
import dev.sparsecast.wanda.pruning.Pruner;
import dev.sparsecast.worker.model.LanguageModel;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class SequentialPruningTest {
    private static final PruningParameters PARAMETERS =
            PruningParameters.parse("wanda", "unstructured", OptionalDouble.of(0.6));

    @Test
    void everyBlockIsPrunedByWhatThePrunedBlocksBeforeItPutOut() {
        try (Checkpoint model = TinyCoder.open()) {
            List<int[]> sequences = sequences(model);
            PruneRun.Made made = SequentialPruning.prune(
                    model, model.digest(), sequences, PARAMETERS, TinyCoder.OPTIONS, 1, Progress.SILENT);
            SubModelMask plain = plain(model, sequences);
            SubModelMask dense = prune(model, profile(model, model, sequences));

            MaskComparison toPlain = MaskComparison.of(made.mask(), plain);
            MaskComparison toDense = MaskComparison.of(made.mask(), dense);
            // batches are the same, so only the order of float32 sums inside the engine may differ
            assertThat(toPlain.total().differingShare()).isLessThan(1e-4);
            assertThat(toDense.layers().getFirst().differingShare()).isLessThan(1e-4);
            assertThat(toDense.layers().getLast().differingShare()).isGreaterThan(0.01);
            assertThat(made.selectionSeconds()).isPositive();
        }
    }

    private static List<int[]> sequences(Checkpoint model) {
        List<int[]> sequences = new ArrayList<>();
        for (var prompt : TinyCoder.prompts("python").subList(0, 6)) {
            int[] tokens = model.tokenizer().encode(prompt.text());
            sequences.add(java.util.Arrays.copyOf(tokens, Math.min(tokens.length, 100)));
        }
        return sequences;
    }

    /** The plain twin: for every block a profile of the whole model with the blocks before it pruned. */
    private static SubModelMask plain(Checkpoint model, List<int[]> sequences) {
        SubModelMask mask = SubModelMask.allocate(model.digest(), PARAMETERS, model.config());
        mask.masks().forEach(module -> module.bits().fill((byte) 0xff));
        for (int layer = 0; layer < model.config().layers(); layer++) {
            SubModelMask all = prune(model, profile(model, new MaskedWeights(model, mask), sequences));
            for (PrunableModule module : PrunableModule.of(model.config())) {
                if (module.layer() == layer) {
                    bits(mask, module).bits().copyFrom(bits(all, module).bits());
                }
            }
        }
        return mask;
    }

    private static Mask bits(SubModelMask mask, PrunableModule module) {
        return mask.mask(module.name()).orElseThrow();
    }

    private static SubModelMask prune(Checkpoint model, ModelStatistics statistics) {
        Calibration calibration = Calibration.of(statistics, model.config(), model.digest());
        return new Pruner().prune(model, List.of(calibration), PARAMETERS, 1).getFirst();
    }

    private static ModelStatistics profile(
            Checkpoint model, dev.sparsecast.checkpoint.Weights weights, List<int[]> sequences) {
        List<Map<Tap, TapSums>> layers = new ArrayList<>();
        for (int layer = 0; layer < model.config().layers(); layer++) {
            Map<Tap, TapSums> taps = new EnumMap<>(Tap.class);
            for (Tap tap : Tap.values()) {
                int channels = tap.channels(model.config());
                taps.put(tap, new TapSums(new double[channels], new double[channels]));
            }
            layers.add(taps);
        }
        try (LanguageModel running = LanguageModel.load(weights, TinyCoder.OPTIONS.plainly())) {
            running.profile(
                    sequences,
                    (layer, tap, rows, sumSquares, sum) -> {
                        double[] total = layers.get(layer).get(tap).sumSquares();
                        for (int i = 0; i < sumSquares.length; i++) {
                            total[i % total.length] += sumSquares[i];
                        }
                    },
                    dev.sparsecast.worker.model.Progress.NONE);
        }
        long tokens = sequences.stream().mapToLong(sequence -> sequence.length).sum();
        return new ModelStatistics(tokens, sequences.size(), "python", "code", Optional.of(model.digest()), layers);
    }
}
