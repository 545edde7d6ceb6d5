package dev.sparsecast.cli.command;

import dev.sparsecast.cli.terminal.ExitCode;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code sparsecast streams clean}: a reset that deletes what was published, too. */
@Command(
        name = "clean",
        description = {
            "Do what 'reset' does, and delete the topics of statistics and drift.",
            "Make them again with 'sparsecast topics' before anything else is started."
        })
final class StreamsCleanCommand implements Callable<Integer> {
    @Mixin
    private final StreamsResetOptions options = new StreamsResetOptions();

    @Override
    public Integer call() {
        options.run(true, "This deletes all statistics and drift reports that were ever published.");
        return ExitCode.DONE;
    }
}
