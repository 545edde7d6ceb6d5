package dev.sparsecast.cli.demo;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.checkpoint.Weights;
import dev.sparsecast.schemas.Prompt;
import dev.sparsecast.wanda.Calibration;
import dev.sparsecast.wanda.Method;
import dev.sparsecast.wanda.PruningParameters;
import dev.sparsecast.wanda.mask.MaskComparison;
import dev.sparsecast.wanda.mask.MaskedWeights;
import dev.sparsecast.wanda.mask.SubModelMask;
import dev.sparsecast.wanda.pruning.Pruner;
import dev.sparsecast.worker.model.Evaluation;
import dev.sparsecast.worker.model.LanguageModel;
import dev.sparsecast.worker.model.ModelOptions;
import dev.sparsecast.worker.model.Progress;
import dev.sparsecast.worker.model.SequenceLoss;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** The two tables that show what calibrating on a language does. */
final class Matrices {
    private final Checkpoint base;
    private final ModelOptions options;

    Matrices(Checkpoint base, ModelOptions options) {
        this.base = base;
        this.options = options;
    }

    /** The mask that looks at the weights alone. */
    SubModelMask magnitude(PruningParameters parameters) {
        return new Pruner()
                .prune(
                        base,
                        List.of(Calibration.none(base.config(), base.digest())),
                        new PruningParameters(Method.MAGNITUDE, parameters.pattern(), parameters.sparsity()),
                        Math.max(1, options.threads()))
                .getFirst();
    }

    /**
     * Perplexity of the dense model and of each sub-model on each kind of prompts.
     *
     * @param masks by row name
     * @param kinds by column name
     */
    Map<String, Map<String, Double>> perplexity(
            Map<String, SubModelMask> masks, Map<String, List<Prompt>> kinds, Consumer<String> progress) {
        List<int[]> sequences = new ArrayList<>();
        kinds.values().forEach(prompts -> prompts.forEach(prompt -> sequences.add(tokens(prompt))));
        Map<String, Map<String, Double>> matrix = new LinkedHashMap<>();
        progress.accept("dense");
        matrix.put("dense", row(base, sequences, kinds));
        masks.forEach((name, mask) -> {
            progress.accept(name);
            matrix.put(name, row(new MaskedWeights(base, mask), sequences, kinds));
        });
        return matrix;
    }

    private Map<String, Double> row(Weights weights, List<int[]> sequences, Map<String, List<Prompt>> kinds) {
        List<SequenceLoss> losses;
        try (LanguageModel model = LanguageModel.load(weights, options)) {
            losses = model.evaluate(sequences, Progress.NONE).sequences();
        }
        Map<String, Double> row = new LinkedHashMap<>();
        int from = 0;
        for (Map.Entry<String, List<Prompt>> kind : kinds.entrySet()) {
            int to = from + kind.getValue().size();
            row.put(kind.getKey(), new Evaluation(losses.subList(from, to)).perplexity());
            from = to;
        }
        return row;
    }

    private int[] tokens(Prompt prompt) {
        int[] tokens = base.tokenizer().encode(prompt.text());
        int limit = base.config().maxPositions();
        return tokens.length > limit ? Arrays.copyOf(tokens, limit) : tokens;
    }

    /** Jaccard distance of every two masks. */
    static Map<String, Map<String, Double>> maskDifference(Map<String, SubModelMask> masks) {
        Map<String, Map<String, Double>> matrix = new LinkedHashMap<>();
        masks.forEach((name, mask) -> {
            Map<String, Double> row = new LinkedHashMap<>();
            masks.forEach((other, otherMask) ->
                    row.put(other, MaskComparison.of(mask, otherMask).total().jaccardDistance()));
            matrix.put(name, row);
        });
        return matrix;
    }
}
