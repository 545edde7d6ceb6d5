package dev.sparsecast.cli.command;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.checkpoint.statistics.StatisticsFile;
import dev.sparsecast.cli.terminal.ExitCode;
import dev.sparsecast.cli.terminal.Progress;
import dev.sparsecast.producers.PromptFile;
import dev.sparsecast.worker.profile.OfflineProfile;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code sparsecast profile}: activation statistics of one run, without Kafka. */
@Command(
        name = "profile",
        description = "Run prompts through a model and write the sums of its activations to a statistics file.")
@SuppressWarnings("NullAway.Init") // set by picocli
final class ProfileCommand implements Callable<Integer> {
    @Mixin
    private final ModelOption model = new ModelOption();

    @Option(
            names = "--prompts",
            required = true,
            paramLabel = "FILE",
            description = "JSON lines with id, language, domain and text.")
    private Path prompts;

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "Statistics file to write.")
    private Path out;

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
            String out,
            long tokens,
            long prompts,
            long brokenLines,
            long emptyPrompts,
            double seconds,
            double loadSeconds,
            double tokensPerSecond,
            String precision,
            String model) {}

    @Override
    public Integer call() {
        MaxTokens.check(maxTokens);
        try (Checkpoint checkpoint = Checkpoint.open(model.directory());
                Progress line = Progress.ofProcess()) {
            PromptFile file = PromptTexts.read(prompts);
            OfflineProfile profile = OfflineProfile.run(
                    checkpoint,
                    PromptTexts.texts(file.prompts()),
                    maxTokens,
                    compute.model(),
                    ComputeOptions.tokens(line, "profiling"));
            StatisticsFile.write(out, profile.statistics());
            Result result = new Result(
                    out.toString(),
                    profile.tokens(),
                    profile.prompts(),
                    file.brokenLines().size(),
                    profile.emptyPrompts(),
                    profile.seconds(),
                    profile.loadSeconds(),
                    profile.tokens() / profile.seconds(),
                    profile.precision(),
                    checkpoint.digest());
            output.print(
                    result,
                    () -> String.format(
                            Locale.ROOT,
                            "%,d tokens of %,d prompts in %.1f s (%,.0f tokens/s, %s) -> %s",
                            result.tokens(),
                            result.prompts(),
                            result.seconds(),
                            result.tokensPerSecond(),
                            result.precision(),
                            out));
        }
        return ExitCode.DONE;
    }
}
