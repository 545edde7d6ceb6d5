package dev.sparsecast.pruner.gate;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.checkpoint.Tokenizer;
import dev.sparsecast.pruner.specification.SubModelSpecification.Gate;
import dev.sparsecast.schemas.Prompt;
import dev.sparsecast.schemas.SubModelRelease.Quality;
import dev.sparsecast.wanda.mask.MaskedWeights;
import dev.sparsecast.wanda.mask.SubModelMask;
import dev.sparsecast.worker.model.Evaluation;
import dev.sparsecast.worker.model.LanguageModel;
import dev.sparsecast.worker.model.ModelOptions;
import dev.sparsecast.worker.model.Progress;
import dev.sparsecast.worker.model.SequenceLoss;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Perplexity of a candidate beside the dense model's and the release's in use, on the same held-out prompts. Used by one
 * thread.
 */
public final class QualityGate implements AutoCloseable {
    private static final int REMEMBERED_LOSSES = 4096;

    private final Checkpoint base;
    private final Tokenizer tokenizer;
    private final ModelOptions options;
    private final LanguageModel dense;
    private final Map<String, SequenceLoss> denseLosses = new LinkedHashMap<>();

    public QualityGate(Checkpoint base, ModelOptions options) {
        this.base = base;
        this.tokenizer = base.tokenizer();
        this.options = options;
        this.dense = LanguageModel.load(base, options);
    }

    /**
     * Measures and judges.
     *
     * @param prompts held-out prompts of the sub-model's groups
     * @param current the mask in use, if there is one
     */
    public GateVerdict judge(Gate gate, List<Prompt> prompts, SubModelMask candidate, Optional<SubModelMask> current) {
        if (prompts.size() < gate.minimumHeldOutPrompts()) {
            return new GateVerdict.Undecided(
                    prompts.size() + " of " + gate.minimumHeldOutPrompts() + " held-out prompts to measure on");
        }
        List<int[]> sequences = prompts.stream().map(this::tokens).toList();
        Evaluation denseEvaluation = denseEvaluation(prompts, sequences);
        double candidatePerplexity = perplexity(candidate, sequences);
        OptionalDouble currentPerplexity =
                current.isPresent() ? OptionalDouble.of(perplexity(current.get(), sequences)) : OptionalDouble.empty();
        Quality quality = new Quality(
                prompts.size(),
                denseEvaluation.predictedTokens(),
                denseEvaluation.perplexity(),
                candidatePerplexity,
                currentPerplexity);
        return verdict(gate, quality);
    }

    static GateVerdict verdict(Gate gate, Quality quality) {
        if (!(quality.candidate() <= gate.largestRatioToDense() * quality.dense())) {
            return new GateVerdict.Rejected(
                    quality,
                    String.format(
                            Locale.ROOT,
                            "perplexity %.3f is more than %.3f times the dense model's %.3f",
                            quality.candidate(),
                            gate.largestRatioToDense(),
                            quality.dense()));
        }
        if (quality.current().isPresent()
                && !(quality.candidate()
                        <= gate.largestRatioToCurrent() * quality.current().getAsDouble())) {
            return new GateVerdict.Rejected(
                    quality,
                    String.format(
                            Locale.ROOT,
                            "perplexity %.3f is more than %.3f times the %.3f of the release in use",
                            quality.candidate(),
                            gate.largestRatioToCurrent(),
                            quality.current().getAsDouble()));
        }
        return new GateVerdict.Promoted(quality);
    }

    /** The dense model never changes, so its loss on a prompt is measured once. */
    private Evaluation denseEvaluation(List<Prompt> prompts, List<int[]> sequences) {
        List<Integer> unknown = new ArrayList<>();
        for (int i = 0; i < prompts.size(); i++) {
            if (!denseLosses.containsKey(prompts.get(i).id())) {
                unknown.add(i);
            }
        }
        List<SequenceLoss> measured = dense.evaluate(
                        unknown.stream().map(sequences::get).toList(), Progress.NONE)
                .sequences();
        for (int i = 0; i < unknown.size(); i++) {
            denseLosses.put(prompts.get(unknown.get(i)).id(), measured.get(i));
        }
        Evaluation evaluation =
                new Evaluation(prompts.stream().map(prompt -> loss(prompt.id())).toList());
        while (denseLosses.size() > REMEMBERED_LOSSES) {
            denseLosses.remove(denseLosses.keySet().iterator().next());
        }
        return evaluation;
    }

    private SequenceLoss loss(String promptId) {
        SequenceLoss loss = denseLosses.get(promptId);
        if (loss == null) {
            throw new IllegalStateException("prompt " + promptId + " was not measured");
        }
        return loss;
    }

    private double perplexity(SubModelMask mask, List<int[]> sequences) {
        try (LanguageModel model = LanguageModel.load(new MaskedWeights(base, mask), options)) {
            return model.evaluate(sequences, Progress.NONE).perplexity();
        }
    }

    private int[] tokens(Prompt prompt) {
        int[] tokens = tokenizer.encode(prompt.text());
        int limit = base.config().maxPositions();
        return tokens.length > limit ? Arrays.copyOf(tokens, limit) : tokens;
    }

    @Override
    public void close() {
        dense.close();
    }
}
