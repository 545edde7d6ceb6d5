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
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** The two tables that show what calibrating on a language does. */
final class Matrices {
    private final Checkpoint base;
    private final ModelOptions options;
    private volatile boolean stopping;

    Matrices(Checkpoint base, ModelOptions options) {
        this.base = base;
        this.options = options;
    }

    /** Starts no further row. */
    void stop() {
        stopping = true;
    }

    /** The mask that looks at the weights alone. */
    SubModelMask magnitude(PruningParameters parameters) {
        return new Pruner()
                .prune(
                        base,
                        List.of(Calibration.none(base.config(), base.digest())),
                        new PruningParameters(Method.MAGNITUDE, parameters.pattern(), parameters.sparsity()),
                        options.threads())
                .getFirst();
    }

    /**
     * Perplexity of the dense model and of each sub-model on each kind of prompts; one model on each core at a time.
     *
     * @param rows masks by row name; empty for the dense model
     * @param kinds prompts by column name
     */
    Map<String, Map<String, Double>> perplexity(
            Map<String, Optional<SubModelMask>> rows, Map<String, List<Prompt>> kinds) {
        List<int[]> sequences = new ArrayList<>();
        kinds.values().forEach(prompts -> prompts.forEach(prompt -> sequences.add(tokens(prompt))));
        try (ExecutorService executor = Executors.newFixedThreadPool(
                Runtime.getRuntime().availableProcessors(),
                Thread.ofPlatform().daemon().name("evaluation-", 0).factory())) {
            Map<String, Future<Map<String, Double>>> running = new LinkedHashMap<>();
            rows.forEach((name, mask) -> running.put(
                    name,
                    executor.submit(() -> row(
                            mask.<Weights>map(present -> new MaskedWeights(base, present))
                                    .orElse(base),
                            sequences,
                            kinds))));
            Map<String, Map<String, Double>> matrix = new LinkedHashMap<>();
            for (Map.Entry<String, Future<Map<String, Double>>> row : running.entrySet()) {
                matrix.put(row.getKey(), row.getValue().get());
            }
            return matrix;
        } catch (ExecutionException | InterruptedException e) {
            throw new DemoException("the evaluation failed: " + e.getMessage(), e);
        }
    }

    private Map<String, Double> row(Weights weights, List<int[]> sequences, Map<String, List<Prompt>> kinds) {
        if (stopping) {
            throw new DemoException("stopped before the end of the story");
        }
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
