package dev.sparsecast.pruner.gate;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.checkpoint.Tokenizer;
import dev.sparsecast.pruner.specification.SubModelSpecification.Gate;
import dev.sparsecast.schemas.Prompt;
import dev.sparsecast.schemas.SubModelRelease.LossDifference;
import dev.sparsecast.schemas.SubModelRelease.Quality;
import dev.sparsecast.wanda.mask.MaskedWeights;
import dev.sparsecast.wanda.mask.SubModelMask;
import dev.sparsecast.worker.model.Evaluation;
import dev.sparsecast.worker.model.LanguageModel;
import dev.sparsecast.worker.model.ModelOptions;
import dev.sparsecast.worker.model.Progress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Perplexity of a candidate beside the dense model's and the release's in use, paired on the same held-out prompts, with
 * intervals ({@link PairedBootstrap}) that tell a difference from luck ({@link Judgement}). The dense model stays loaded; of
 * masked ones the blocks are, one at a time, and only for prompts on which they were not measured before. Used by one
 * thread.
 */
public final class QualityGate implements AutoCloseable {
    private static final int REMEMBERED_LOSSES = 24 * Gate.MOST_HELD_OUT_PROMPTS;
    private static final String DENSE = "dense";
    /** The first token is not predicted. */
    private static final int SHORTEST = 2;

    private final Checkpoint base;
    private final Tokenizer tokenizer;
    private final LanguageModel dense;
    private final KnownLosses losses = new KnownLosses(REMEMBERED_LOSSES);

    public QualityGate(Checkpoint base, ModelOptions options) {
        this.base = base;
        this.tokenizer = base.tokenizer();
        this.dense = LanguageModel.load(base, options);
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
     * @param mayHold whether more prompts may be waited for if these do not tell
     */
    public GateVerdict judge(
            Gate gate, List<Prompt> prompts, SubModelMask candidate, Optional<Current> current, boolean mayHold) {
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
        Quality quality = quality(gate, measured, sequences, candidate, current);
        return Judgement.of(gate, quality, current.isPresent() && current.get().isLimit(), mayHold);
    }

    private Quality quality(
            Gate gate, List<Prompt> prompts, List<int[]> sequences, SubModelMask candidate, Optional<Current> current) {
        Evaluation denseLoss = losses.of(DENSE, prompts, sequences, unknown -> dense.evaluate(unknown, Progress.NONE));
        Evaluation loss = loss(candidate, prompts, sequences);
        Optional<Evaluation> currentLoss = current.map(release -> loss(release.mask(), prompts, sequences));
        return new Quality(
                sequences.size(),
                denseLoss.predictedTokens(),
                denseLoss.perplexity(),
                loss.perplexity(),
                currentLoss.map(known -> OptionalDouble.of(known.perplexity())).orElse(OptionalDouble.empty()),
                difference(gate, loss, denseLoss),
                currentLoss.flatMap(known -> difference(gate, loss, known)));
    }

    /** None for a single prompt, which says nothing of others. */
    private static Optional<LossDifference> difference(Gate gate, Evaluation candidate, Evaluation other) {
        return candidate.sequences().size() < 2
                ? Optional.empty()
                : Optional.of(PairedBootstrap.difference(candidate, other, gate.confidence()));
    }

    private Evaluation loss(SubModelMask mask, List<Prompt> prompts, List<int[]> sequences) {
        return losses.of(mask.digest(), prompts, sequences, unknown -> evaluate(mask, unknown));
    }

    private Evaluation evaluate(SubModelMask mask, List<int[]> sequences) {
        try (LanguageModel model = dense.withBlocksOf(new MaskedWeights(base, mask))) {
            return model.evaluate(sequences, Progress.NONE);
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
