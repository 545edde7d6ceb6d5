package dev.sparsecast.cli.command;

import dev.sparsecast.checkpoint.gguf.ImportanceMatrix;
import dev.sparsecast.checkpoint.statistics.ModelStatistics;
import dev.sparsecast.checkpoint.statistics.StatisticsFile;
import dev.sparsecast.cli.terminal.ExitCode;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code sparsecast export}: statistics in the formats of other programs. */
@Command(
        name = "export",
        description = "Write statistics in the format of another program.",
        subcommands = ExportCommand.Imatrix.class)
final class ExportCommand {
    /** {@code sparsecast export imatrix}. */
    @Command(
            name = "imatrix",
            description = {
                "Write statistics as llama.cpp's importance matrix (GGUF), for llama-quantize --imatrix.",
                "Several statistics files are mixed by adding their sums."
            })
    @SuppressWarnings("NullAway.Init") // set by picocli
    static final class Imatrix implements Callable<Integer> {
        @Option(
                names = "--statistics",
                required = true,
                arity = "1..*",
                paramLabel = "FILE",
                description = "Statistics files of one model, as 'profile' writes them.")
        private List<Path> statistics;

        @Option(names = "--out", required = true, paramLabel = "FILE.gguf", description = "File to write.")
        private Path out;

        @Option(
                names = "--chunk-size",
                paramLabel = "N",
                defaultValue = "" + ImportanceMatrix.DEFAULT_CHUNK_SIZE,
                description = "Tokens that llama.cpp is to take for a chunk when it says how many there were"
                        + " (default: ${DEFAULT-VALUE}).")
        private int chunkSize;

        @Mixin
        private final OutputOptions output = new OutputOptions();

        /** What {@code --json} prints. */
        record Result(
                String out,
                int tensors,
                double tokens,
                double prompts,
                int files,
                @Nullable String model) {}

        @Override
        public Integer call() {
            if (chunkSize < 1) {
                throw new BadInputException("--chunk-size must be at least 1, not " + chunkSize + ".");
            }
            ModelStatistics sums = StatisticsFile.readMixed(statistics);
            List<String> datasets = statistics.stream()
                    .map(file -> file.toAbsolutePath().getFileName().toString())
                    .toList();
            Result result = new Result(
                    out.toString(),
                    ImportanceMatrix.write(out, sums, datasets, chunkSize),
                    sums.tokens(),
                    sums.prompts(),
                    statistics.size(),
                    sums.modelDigest().orElse(null));
            output.print(
                    result,
                    () -> String.format(
                            Locale.ROOT,
                            "%d tensors, %,.0f tokens of %,.0f prompts -> %s",
                            result.tensors(),
                            result.tokens(),
                            result.prompts(),
                            out));
            return ExitCode.DONE;
        }
    }
}
