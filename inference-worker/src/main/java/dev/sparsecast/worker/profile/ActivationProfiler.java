package dev.sparsecast.worker.profile;

import dev.sparsecast.worker.model.LanguageModel;
import dev.sparsecast.worker.model.Progress;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Runs prompts through the model in batches of similar length whatever their groups, and keeps the sums of each group. The
 * more prompts run together, the less padding there is. Used by one thread at a time, as its model is.
 */
public final class ActivationProfiler {
    private final LanguageModel model;

    public ActivationProfiler(LanguageModel model) {
        this.model = model;
    }

    /** The sums of these prompts. */
    public PromptSums run(List<GroupedPrompt> prompts, Progress progress) {
        List<PromptGroup> groups =
                prompts.stream().map(GroupedPrompt::group).distinct().toList();
        PromptSums sums = new PromptSums(model.config());
        List<GroupSums> sumsOfGroup = groups.stream().map(sums::of).toList();
        IntStream groupOfPrompt = prompts.stream().mapToInt(prompt -> groups.indexOf(prompt.group()));
        model.profile(
                prompts.stream().map(GroupedPrompt::tokens).toList(),
                groupOfPrompt.toArray(),
                (layer, tap, rows, sumSquares, sum) -> {
                    for (int row = 0; row < rows.length; row++) {
                        sumsOfGroup.get(rows[row]).add(layer, tap, row, sumSquares, sum);
                    }
                },
                progress);
        prompts.forEach(sums::count);
        return sums;
    }
}
