package dev.sparsecast.worker.evaluate;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.checkpoint.CheckpointException;
import dev.sparsecast.worker.model.Evaluation;
import dev.sparsecast.worker.model.LanguageModel;
import dev.sparsecast.worker.model.ModelOptions;
import dev.sparsecast.worker.model.Progress;
import dev.sparsecast.worker.profile.PromptText;
import dev.sparsecast.worker.profile.TokenizedPrompts;

/**
 * How well a model predicts a list of prompts.
 *
 * @param evaluation loss prompt by prompt, in the order given, prompts without tokens left out
 * @param prompts prompts evaluated
 * @param emptyPrompts prompts left out because their text has no tokens
 * @param seconds from the first forward pass to the last
 * @param precision in which the model was run
 */
public record OfflineEvaluation(
        Evaluation evaluation, long prompts, long emptyPrompts, double seconds, String precision) {

    /**
     * Evaluates a checkpoint.
     *
     * @param maxTokens longer prompts are cut to so many tokens, and always to the model's positions
     * @throws CheckpointException if the model cannot be run or no prompt has a token to predict
     */
    public static OfflineEvaluation run(
            Checkpoint checkpoint,
            Iterable<PromptText> prompts,
            int maxTokens,
            ModelOptions options,
            Progress progress) {
        try (LanguageModel model = LanguageModel.load(checkpoint, options)) {
            TokenizedPrompts tokenized = TokenizedPrompts.of(
                    prompts,
                    checkpoint.tokenizer(),
                    Math.min(maxTokens, model.config().maxPositions()));
            long start = System.nanoTime();
            Evaluation evaluation = model.evaluate(tokenized.sequences(), progress);
            double seconds = (System.nanoTime() - start) / 1e9;
            if (evaluation.predictedTokens() == 0) {
                throw new CheckpointException(
                        "no prompt is longer than one token, so there is nothing to predict; use longer prompts or a larger"
                                + " --max-tokens");
            }
            return new OfflineEvaluation(
                    evaluation,
                    tokenized.sequences().size(),
                    tokenized.emptyPrompts(),
                    seconds,
                    options.precision().label());
        }
    }

    /** Predicted tokens. */
    public long tokens() {
        return evaluation.predictedTokens();
    }

    /** {@code exp} of the mean negative log-likelihood over all predicted tokens. */
    public double perplexity() {
        return evaluation.perplexity();
    }
}
