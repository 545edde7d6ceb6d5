package dev.sparsecast.cli.command;

import dev.sparsecast.cli.terminal.Progress;
import dev.sparsecast.worker.model.ModelOptions;
import java.util.Locale;
import picocli.CommandLine.Option;

/** How much of the machine a command uses, and how it computes. */
final class ComputeOptions {
    private static final String FLOAT32 = "float32";

    @Option(names = "--threads", paramLabel = "N", description = "Threads (default: one a core).")
    private int threads;

    @Option(
            names = "--precision",
            paramLabel = "TYPE",
            defaultValue = FLOAT32,
            description = "What the model computes in: float32 (default: ${DEFAULT-VALUE}).")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String precision;

    int threads() {
        if (threads < 0) {
            throw new BadInputException("--threads must be at least 1, not " + threads + ".");
        }
        return threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
    }

    ModelOptions model() {
        if (!precision.equals(FLOAT32)) {
            throw new BadInputException(
                    "--precision '" + precision + "' cannot be computed in yet; the one supported is " + FLOAT32 + ".");
        }
        return ModelOptions.defaults().withThreads(threads());
    }

    /** Shows how many of the tokens are done. */
    static dev.sparsecast.worker.model.Progress tokens(Progress line, String what) {
        return (done, total) -> line.update(String.format(Locale.ROOT, "%s: %,d of %,d tokens", what, done, total));
    }
}
