package dev.sparsecast.cli.command;

import dev.sparsecast.cli.terminal.Progress;
import dev.sparsecast.worker.device.ComputeDevice;
import dev.sparsecast.worker.device.Precision;
import dev.sparsecast.worker.model.ModelOptions;
import java.util.Locale;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How much of the machine a command uses, and how it computes. */
final class ComputeOptions {
    @Mixin
    private final ThreadsOption threads = new ThreadsOption();

    @Option(
            names = "--precision",
            paramLabel = "TYPE",
            defaultValue = "float32",
            description = "What the model computes in: float32 or bfloat16 (default: ${DEFAULT-VALUE}).")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String precision;

    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            defaultValue = "cpu",
            description = "Where: cpu, gpu or gpu:n (default: ${DEFAULT-VALUE}).")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String device;

    @Option(
            names = "--batch-tokens",
            paramLabel = "N",
            defaultValue = "" + ModelOptions.DEFAULT_BATCH_TOKENS,
            description =
                    "Most tokens of prompts that run together; fewer take less memory (default: ${DEFAULT-VALUE}).")
    private int batchTokens;

    int threads() {
        return threads.count();
    }

    ModelOptions model() {
        try {
            return ModelOptions.defaults()
                    .withThreads(threads())
                    .withBatchTokens(batchTokens)
                    .withPrecision(Precision.ofLabel(precision))
                    .withDevice(ComputeDevice.ofName(device));
        } catch (IllegalArgumentException e) {
            throw new BadInputException(e.getMessage() + ".", e);
        }
    }

    /** Shows how many of the tokens are done. */
    static dev.sparsecast.worker.model.Progress tokens(Progress line, String what) {
        return (done, total) -> line.update(String.format(Locale.ROOT, "%s: %,d of %,d tokens", what, done, total));
    }
}
