package dev.sparsecast.cli.command;

import dev.sparsecast.cli.terminal.ExitCode;
import dev.sparsecast.cli.terminal.Progress;
import dev.sparsecast.wanda.Pattern;
import dev.sparsecast.wanda.PruningParameters;
import dev.sparsecast.wanda.pruning.PruneRequest;
import dev.sparsecast.wanda.pruning.PruneResult;
import dev.sparsecast.wanda.pruning.PruneRun;
import dev.sparsecast.wanda.structured.StructuredRequest;
import dev.sparsecast.wanda.structured.StructuredResult;
import dev.sparsecast.wanda.structured.StructuredRun;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code sparsecast prune}: mask and checkpoint from a model and statistics, without Kafka. */
@Command(
        name = "prune",
        description = {
            "Prune a model by the statistics of activations: write the mask, a pruned checkpoint, or both.",
            "Several statistics files are mixed by adding their sums.",
            "With --sequential the statistics are taken from prompts, block by block, as Wanda's authors do."
        })
@SuppressWarnings("NullAway.Init") // set by picocli
final class PruneCommand implements Callable<Integer> {
    private static final String FLAP = "flap";

    @Mixin
    private final ModelOption model = new ModelOption();

    @Option(
            names = "--statistics",
            arity = "1..*",
            paramLabel = "FILE",
            description = "Statistics files, as 'profile' writes them.")
    private List<Path> statistics = List.of();

    @Option(
            names = "--method",
            paramLabel = "M",
            defaultValue = "wanda",
            description = "wanda, magnitude, ria, owl (wanda with --budget owl), or flap, which removes whole heads and"
                    + " neurons and writes a smaller model (default: ${DEFAULT-VALUE}).")
    private String method;

    @Option(
            names = "--budget",
            paramLabel = "B",
            description =
                    "How the sparsity is spread over the layers: uniform (the default), owl, or owl:M:LAMBDA (owl is"
                            + " owl:5:0.08).")
    private @Nullable String budget;

    @Option(
            names = "--sparsity",
            paramLabel = "S",
            description = "Share of the weights to prune, from 0 to below 1; with N:M it follows from the pattern.")
    private @Nullable Double sparsity;

    @Option(
            names = "--pattern",
            paramLabel = "P",
            defaultValue = "unstructured",
            description =
                    "unstructured (the same share of every row), whole-matrix (rows compete), or N:M such as 2:4 to"
                            + " keep N of every M (default: ${DEFAULT-VALUE}).")
    private String pattern;

    @Option(
            names = "--removed-heads",
            paramLabel = "N",
            description = "flap: key and value heads to remove from every layer, with their query heads (default: what"
                    + " loses the least together with the neurons that make up the sparsity).")
    private @Nullable Integer removedHeads;

    @Mixin
    private final SequentialOptions sequential = new SequentialOptions();

    @Option(names = "--mask", paramLabel = "FILE", description = "Mask file to write.")
    private @Nullable Path mask;

    @Option(names = "--out", paramLabel = "DIR", description = "Directory to write the pruned checkpoint to.")
    private @Nullable Path out;

    @Mixin
    private final ThreadsOption threads = new ThreadsOption();

    @Mixin
    private final OutputOptions output = new OutputOptions();

    @Override
    public Integer call() {
        sequential.check(statistics);
        return method.equals(FLAP) ? flap() : masks();
    }

    private Integer masks() {
        if (removedHeads != null) {
            throw new BadInputException("--removed-heads belongs to --method flap.");
        }
        PruningParameters parameters = PruningParameters.parse(
                method,
                pattern,
                sparsity == null ? OptionalDouble.empty() : OptionalDouble.of(sparsity),
                Optional.ofNullable(budget));
        PruneRequest request = new PruneRequest(
                model.directory(),
                statistics,
                parameters,
                Optional.ofNullable(mask),
                Optional.ofNullable(out),
                threads.count());
        PruneResult result = withProgress(
                progress -> sequential.chosen() ? sequential.run(request, progress) : PruneRun.run(request, progress));
        output.print(
                result,
                () -> String.format(
                        Locale.ROOT,
                        "kept %,d of %,d weights (%.2f %% pruned) in %.2f s, selection %.2f s; mask %s",
                        result.keptWeights(),
                        result.weights(),
                        100.0 * (result.weights() - result.keptWeights()) / result.weights(),
                        result.seconds(),
                        result.selectionSeconds(),
                        result.maskDigest()));
        return ExitCode.DONE;
    }

    /** Structured pruning, which makes no mask but another model. */
    private Integer flap() {
        if (sequential.chosen()) {
            throw new BadInputException("--sequential cannot be used with --method flap; give --statistics instead.");
        }
        if (out == null || sparsity == null) {
            throw new BadInputException("--method flap needs --out and --sparsity: it writes a smaller model.");
        }
        if (mask != null || budget != null || !pattern.equals(Pattern.UNSTRUCTURED.label())) {
            throw new BadInputException(
                    "--mask, --budget and --pattern mean nothing to --method flap, which removes whole heads and neurons.");
        }
        StructuredRequest request = new StructuredRequest(
                model.directory(),
                statistics,
                sparsity,
                removedHeads == null ? OptionalInt.empty() : OptionalInt.of(removedHeads),
                out,
                threads.count());
        StructuredResult result = withProgress(progress -> StructuredRun.run(request, progress));
        output.print(
                result,
                () -> String.format(
                        Locale.ROOT,
                        "kept %,d of %,d weights (%.2f %% removed) in %.2f s: %d heads, %d key and value heads and %d"
                                + " neurons in each layer",
                        result.keptWeights(),
                        result.weights(),
                        100 * result.removedShare(),
                        result.seconds(),
                        result.heads(),
                        result.keyValueHeads(),
                        result.intermediateSize()));
        return ExitCode.DONE;
    }

    private static <T> T withProgress(Function<dev.sparsecast.wanda.Progress, T> run) {
        try (Progress line = Progress.ofProcess()) {
            return run.apply(PruningProgress.on(line));
        }
    }
}
