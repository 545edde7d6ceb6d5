package dev.sparsecast.cli.command;

import dev.sparsecast.cli.terminal.ExitCode;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code sparsecast streams reset}: forgets all state, to read the norms again from the beginning. */
@Command(
        name = "reset",
        description = {
            "Forget the state of the streams app, so that it counts all norms that the broker still has anew.",
            "What was published stays until it is published again. All instances must be stopped."
        })
final class StreamsResetCommand implements Callable<Integer> {
    @Mixin
    private final StreamsResetOptions options = new StreamsResetOptions();

    @Override
    public Integer call() {
        options.run(
                false,
                "A reset forgets all statistics of norms that are older than the retention of activation-norms"
                        + " (24 hours, unless you changed it).");
        return ExitCode.DONE;
    }
}
