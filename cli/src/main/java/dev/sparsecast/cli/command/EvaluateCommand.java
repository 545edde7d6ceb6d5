package dev.sparsecast.cli.command;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.cli.terminal.ExitCode;
import dev.sparsecast.cli.terminal.Progress;
import dev.sparsecast.producers.PromptFile;
import dev.sparsecast.worker.evaluate.OfflineEvaluation;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code sparsecast evaluate}: perplexity of a model on prompts. */
@Command(
        name = "evaluate",
        description = {
            "Measure the perplexity of a model on prompts:",
            "exp of the mean negative log-likelihood over all predicted tokens."
        })
@SuppressWarnings("NullAway.Init") // set by picocli
final class EvaluateCommand implements Callable<Integer> {
    @Mixin
    private final ModelOption model = new ModelOption();

    @Option(
            names = "--prompts",
            required = true,
            paramLabel = "FILE",
            description = "JSON lines with id, language, domain and text.")
    private Path prompts;

    @Option(
            names = "--max-tokens",
            paramLabel = "N",
            defaultValue = "" + Integer.MAX_VALUE,
            description = "Cut longer prompts to N tokens (default: the model's positions).")
    private int maxTokens;

    @Mixin
    private final ComputeOptions compute = new ComputeOptions();

    @Mixin
    private final OutputOptions output = new OutputOptions();

    /** What {@code --json} prints. */
    record Result(
            long tokens,
            double perplexity,
            long prompts,
            long brokenLines,
            double seconds,
            String precision,
            String model) {}

    @Override
    public Integer call() {
        MaxTokens.check(maxTokens);
        try (Checkpoint checkpoint = Checkpoint.open(model.directory());
                Progress line = Progress.ofProcess()) {
            PromptFile file = PromptTexts.read(prompts);
            OfflineEvaluation evaluation = OfflineEvaluation.run(
                    checkpoint,
                    PromptTexts.texts(file.prompts()),
                    maxTokens,
                    compute.model(),
                    ComputeOptions.tokens(line, "evaluating"));
            Result result = new Result(
                    evaluation.tokens(),
                    evaluation.perplexity(),
                    evaluation.prompts(),
                    file.brokenLines().size(),
                    evaluation.seconds(),
                    evaluation.precision(),
                    checkpoint.digest());
            output.print(
                    result,
                    () -> String.format(
                            Locale.ROOT,
                            "perplexity %.4f over %,d predicted tokens of %,d prompts",
                            result.perplexity(),
                            result.tokens(),
                            result.prompts()));
        }
        return ExitCode.DONE;
    }
}
