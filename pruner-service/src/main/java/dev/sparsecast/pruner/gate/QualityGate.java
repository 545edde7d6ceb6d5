package dev.sparsecast.pruner.gate;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.checkpoint.Tokenizer;
import dev.sparsecast.pruner.specification.SubModelSpecification.Gate;
import dev.sparsecast.schemas.Prompt;
import dev.sparsecast.schemas.SubModelRelease.Quality;
import dev.sparsecast.wanda.mask.MaskedWeights;
import dev.sparsecast.wanda.mask.SubModelMask;
import dev.sparsecast.worker.model.LanguageModel;
import dev.sparsecast.worker.model.ModelOptions;
import dev.sparsecast.worker.model.Progress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Perplexity of a candidate beside the dense model's and the release's in use, on the same held-out prompts. The dense
 * model stays loaded; masked ones are loaded one at a time. Used by one thread.
 */
public final class QualityGate implements AutoCloseable {
    private static final int REMEMBERED_LOSSES = 8 * Gate.MOST_HELD_OUT_PROMPTS;
    /** The first token is not predicted. */
    private static final int SHORTEST = 2;

    private final Checkpoint base;
    private final Tokenizer tokenizer;
    private final ModelOptions options;
    private final LanguageModel dense;
    private final DenseLosses denseLosses;

    public QualityGate(Checkpoint base, ModelOptions options) {
        this.base = base;
        this.tokenizer = base.tokenizer();
        this.options = options;
        this.dense = LanguageModel.load(base, options);
        this.denseLosses = new DenseLosses(REMEMBERED_LOSSES, sequences -> dense.evaluate(sequences, Progress.NONE));
    }

    /**
     * The release in use.
     *
     * @param isLimit whether a candidate must not be worse, which makes sense only if both were pruned alike
     */
    public record Current(SubModelMask mask, boolean isLimit) {}

    /**
     * Measures and judges. Prompts of a single token are left out, since nothing is predicted in them.
     *
     * @param prompts held-out prompts of the sub-model's groups
     */
    public GateVerdict judge(Gate gate, List<Prompt> prompts, SubModelMask candidate, Optional<Current> current) {
        List<Prompt> measured = new ArrayList<>();
        List<int[]> sequences = new ArrayList<>();
        for (Prompt prompt : prompts) {
            int[] tokens = tokens(prompt);
            if (tokens.length >= SHORTEST) {
                measured.add(prompt);
                sequences.add(tokens);
            }
        }
        if (measured.size() < gate.minimumHeldOutPrompts()) {
            return new GateVerdict.Undecided(measured.size() + " of " + gate.minimumHeldOutPrompts()
                    + " held-out prompts are long enough to measure on");
        }
        var denseEvaluation = denseLosses.of(measured, sequences);
        Quality quality = new Quality(
                measured.size(),
                denseEvaluation.predictedTokens(),
                denseEvaluation.perplexity(),
                perplexity(candidate, sequences),
                current.isPresent()
                        ? OptionalDouble.of(perplexity(current.get().mask(), sequences))
                        : OptionalDouble.empty());
        return verdict(gate, quality, current.isPresent() && current.get().isLimit());
    }

    /** A perplexity that is no number is not good enough. */
    static GateVerdict verdict(Gate gate, Quality quality, boolean currentIsLimit) {
        if (!(quality.candidate() <= gate.largestRatioToDense() * quality.dense())) {
            return worse(quality, gate.largestRatioToDense(), quality.dense(), "of the dense model");
        }
        if (currentIsLimit
                && quality.current().isPresent()
                && !(quality.candidate()
                        <= gate.largestRatioToCurrent() * quality.current().getAsDouble())) {
            return worse(
                    quality, gate.largestRatioToCurrent(), quality.current().getAsDouble(), "of the release in use");
        }
        return new GateVerdict.Promoted(quality);
    }

    private static GateVerdict worse(Quality quality, double ratio, double reference, String whose) {
        return new GateVerdict.Rejected(
                quality,
                String.format(
                        Locale.ROOT,
                        "perplexity %.3f is more than %.3f times the %.3f %s",
                        quality.candidate(),
                        ratio,
                        reference,
                        whose));
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
