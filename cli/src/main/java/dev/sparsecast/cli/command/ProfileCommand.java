package dev.sparsecast.cli.command;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.checkpoint.statistics.ModelStatistics;
import dev.sparsecast.checkpoint.statistics.StatisticsFile;
import dev.sparsecast.cli.terminal.ExitCode;
import dev.sparsecast.cli.terminal.Progress;
import dev.sparsecast.producers.PromptFile;
import dev.sparsecast.schemas.Prompt;
import dev.sparsecast.worker.profile.OfflineProfile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code sparsecast profile}: activation statistics of one run, of earlier runs, or of both together, without Kafka. */
@Command(
        name = "profile",
        description = {
            "Run prompts through a model and write the sums of its activations to a statistics file.",
            "With --merge, sums of earlier runs are added; then --prompts may be left out."
        })
@SuppressWarnings("NullAway.Init") // set by picocli
final class ProfileCommand implements Callable<Integer> {
    @Option(
            names = "--model",
            paramLabel = "MODEL",
            description = {
                "Hugging Face model: a directory, or the id of one on the hub. Without --prompts it is only compared",
                "with the files to merge, and may be left out."
            })
    private @Nullable String model;

    @Option(
            names = "--prompts",
            arity = "1..*",
            paramLabel = "FILE",
            description = "JSON lines with id, language, domain and text.")
    private List<Path> prompts = List.of();

    @Option(
            names = "--merge",
            arity = "1..*",
            paramLabel = "FILE",
            description = "Statistics files of the same model, as this command writes them, to add.")
    private List<Path> merge = List.of();

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

    /**
     * What {@code --json} prints.
     *
     * @param tokens of this run
     * @param prompts of this run
     * @param mergedFiles files added to it
     * @param totalTokens in the file written
     * @param totalPrompts in the file written
     */
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
            int mergedFiles,
            double totalTokens,
            double totalPrompts,
            @Nullable String model) {}

    /** A run, and the lines of the prompt files that it had to leave out. */
    private record Run(OfflineProfile profile, long brokenLines) {}

    @Override
    public Integer call() {
        MaxTokens.check(maxTokens);
        if (prompts.isEmpty() && merge.isEmpty()) {
            throw new BadInputException("there is nothing to do: give --prompts, --merge, or both.");
        }
        if (!prompts.isEmpty() && model == null) {
            throw new BadInputException("--prompts needs a model to run them through; give --model.");
        }
        if (model == null) {
            return written(Optional.empty(), StatisticsFile.readMixed(merge));
        }
        try (Checkpoint checkpoint = Checkpoint.open(ModelOption.directory(model))) {
            Optional<ModelStatistics> earlier = merge.isEmpty() ? Optional.empty() : Optional.of(earlier(checkpoint));
            Optional<Run> run = prompts.isEmpty() ? Optional.empty() : Optional.of(run(checkpoint));
            List<ModelStatistics> parts = new ArrayList<>();
            run.ifPresent(made -> parts.add(made.profile().statistics()));
            earlier.ifPresent(parts::add);
            return written(run, ModelStatistics.sum(parts));
        }
    }

    /** The files to merge, checked against the model before it is run. */
    private ModelStatistics earlier(Checkpoint checkpoint) {
        ModelStatistics sums = StatisticsFile.readMixed(merge);
        if (sums.modelDigest().isEmpty()) {
            System.err.println(
                    "the files to merge do not name their model, so it could not be checked that it is " + model);
        }
        sums.checkModel(checkpoint.config(), checkpoint.digest());
        return sums;
    }

    private Run run(Checkpoint checkpoint) {
        List<Prompt> texts = new ArrayList<>();
        long brokenLines = 0;
        for (Path file : prompts) {
            PromptFile read = PromptTexts.read(file);
            texts.addAll(read.prompts());
            brokenLines += read.brokenLines().size();
        }
        try (Progress line = Progress.ofProcess()) {
            OfflineProfile profile = OfflineProfile.run(
                    checkpoint,
                    PromptTexts.texts(texts),
                    maxTokens,
                    compute.model(),
                    ComputeOptions.tokens(line, "profiling"));
            return new Run(profile, brokenLines);
        }
    }

    private int written(Optional<Run> run, ModelStatistics statistics) {
        StatisticsFile.write(out, statistics);
        Optional<OfflineProfile> profile = run.map(Run::profile);
        double seconds = profile.map(OfflineProfile::seconds).orElse(0.0);
        long tokens = profile.map(OfflineProfile::tokens).orElse(0L);
        Result result = new Result(
                out.toString(),
                tokens,
                profile.map(OfflineProfile::prompts).orElse(0L),
                run.map(Run::brokenLines).orElse(0L),
                profile.map(OfflineProfile::emptyPrompts).orElse(0L),
                seconds,
                profile.map(OfflineProfile::loadSeconds).orElse(0.0),
                seconds > 0 ? tokens / seconds : 0,
                profile.map(OfflineProfile::precision).orElse(""),
                merge.size(),
                statistics.tokens(),
                statistics.prompts(),
                statistics.modelDigest().orElse(null));
        output.print(result, () -> text(result));
        return ExitCode.DONE;
    }

    private static String text(Result result) {
        StringBuilder text = new StringBuilder();
        if (result.prompts() > 0) {
            text.append(String.format(
                    Locale.ROOT,
                    "%,d tokens of %,d prompts in %.1f s (%,.0f tokens/s, %s)",
                    result.tokens(),
                    result.prompts(),
                    result.seconds(),
                    result.tokensPerSecond(),
                    result.precision()));
        }
        if (result.mergedFiles() > 0) {
            text.append(String.format(
                    Locale.ROOT,
                    "%s%d %s merged: %,.0f tokens of %,.0f prompts in all",
                    text.isEmpty() ? "" : "; ",
                    result.mergedFiles(),
                    result.mergedFiles() == 1 ? "file" : "files",
                    result.totalTokens(),
                    result.totalPrompts()));
        }
        return text.append(" -> ").append(result.out()).toString();
    }
}
