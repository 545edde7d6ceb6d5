package dev.sparsecast.worker.profile;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.checkpoint.CheckpointException;
import dev.sparsecast.checkpoint.Tokenizer;
import dev.sparsecast.checkpoint.statistics.ModelStatistics;
import dev.sparsecast.worker.model.LanguageModel;
import dev.sparsecast.worker.model.ModelOptions;
import dev.sparsecast.worker.model.Progress;
import java.util.Optional;

/**
 * Statistics of one run over a list of prompts, without Kafka.
 *
 * @param statistics sums over all prompts
 * @param tokens tokens counted
 * @param prompts prompts counted
 * @param emptyPrompts prompts left out because their text has no tokens
 * @param seconds from the first forward pass to the last
 * @param loadSeconds opening the tokenizer, copying the weights to the device, and warming the engine up
 * @param precision in which the model was run
 */
public record OfflineProfile(
        ModelStatistics statistics,
        long tokens,
        long prompts,
        long emptyPrompts,
        double seconds,
        double loadSeconds,
        String precision) {
    /**
     * Profiles a checkpoint.
     *
     * @param maxTokens longer prompts are cut to so many tokens, and always to the model's positions
     * @throws CheckpointException if the model cannot be run or no prompt has any token
     */
    public static OfflineProfile run(
            Checkpoint checkpoint,
            Iterable<PromptText> prompts,
            int maxTokens,
            ModelOptions options,
            Progress progress) {
        long loadStart = System.nanoTime();
        try (LanguageModel model = LanguageModel.load(checkpoint, options)) {
            Tokenizer tokenizer = checkpoint.tokenizer();
            model.warmUp();
            double loadSeconds = secondsSince(loadStart);
            TokenizedPrompts tokenized = TokenizedPrompts.of(
                    prompts, tokenizer, Math.min(maxTokens, model.config().maxPositions()));
            GroupSums sums = new GroupSums(model.config());
            long start = System.nanoTime();
            model.profile(
                    tokenized.sequences(),
                    new int[tokenized.sequences().size()],
                    (layer, tap, groups, sumSquares, sum) -> {
                        for (int row = 0; row < groups.length; row++) {
                            sums.add(layer, tap, row, sumSquares, sum);
                        }
                    },
                    progress);
            double seconds = secondsSince(start);
            tokenized.sequences().forEach(sequence -> sums.count(sequence.length));
            return new OfflineProfile(
                    sums.toStatistics(tokenized.language(), tokenized.domain(), Optional.of(checkpoint.digest())),
                    tokenized.tokens(),
                    tokenized.sequences().size(),
                    tokenized.emptyPrompts(),
                    seconds,
                    loadSeconds,
                    options.precision().label());
        }
    }

    private static double secondsSince(long start) {
        return (System.nanoTime() - start) / 1e9;
    }
}
