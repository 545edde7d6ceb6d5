package dev.sparsecast.cli.command;

import dev.sparsecast.pruner.sequential.SequentialPruning;
import dev.sparsecast.wanda.Progress;
import dev.sparsecast.wanda.pruning.PruneRequest;
import dev.sparsecast.wanda.pruning.PruneResult;
import dev.sparsecast.wanda.pruning.PruneRun;
import dev.sparsecast.worker.model.ModelOptions;
import dev.sparsecast.worker.profile.PromptText;
import dev.sparsecast.worker.profile.TokenizedPrompts;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of {@code prune --sequential}, and what they ask for. */
final class SequentialOptions {
    @Option(
            names = "--sequential",
            description = "Profile every decoder block on the outputs of the pruned ones before it.")
    private boolean chosen;

    @Option(
            names = "--prompts",
            paramLabel = "FILE",
            description = "With --sequential: JSON lines with id, language, domain and text.")
    private @Nullable Path prompts;

    @Option(
            names = "--max-tokens",
            paramLabel = "N",
            description = "With --sequential: cut longer prompts to N tokens (default: the model's positions).")
    private @Nullable Integer maxTokens;

    boolean chosen() {
        return chosen;
    }

    /** Checks that the options fit each other and the statistics that were given. */
    void check(List<Path> statistics) {
        if (!chosen && (prompts != null || maxTokens != null)) {
            throw new BadInputException("--prompts and --max-tokens go with --sequential; give that too, or"
                    + " --statistics instead of them.");
        }
        if (chosen && !statistics.isEmpty()) {
            throw new BadInputException(
                    "--sequential takes its own statistics from --prompts; leave --statistics out.");
        }
        if (chosen && prompts == null) {
            throw new BadInputException("--sequential needs --prompts FILE to take statistics from.");
        }
        if (maxTokens != null) {
            MaxTokens.check(maxTokens);
        }
    }

    PruneResult run(PruneRequest request, Progress progress) {
        List<PromptText> texts = PromptTexts.texts(
                PromptTexts.read(Objects.requireNonNull(prompts)).prompts());
        int most = maxTokens == null ? Integer.MAX_VALUE : maxTokens;
        return PruneRun.run(request, progress, model -> {
            int longest = Math.min(most, model.config().maxPositions());
            return SequentialPruning.prune(
                    model,
                    model.digest(),
                    TokenizedPrompts.of(texts, model.tokenizer(), longest).sequences(),
                    request.parameters(),
                    ModelOptions.defaults().withThreads(request.threads()),
                    request.threads(),
                    progress);
        });
    }
}
