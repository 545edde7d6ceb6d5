package dev.sparsecast.cli;

import dev.sparsecast.cli.command.RootCommand;
import dev.sparsecast.cli.terminal.StandardOutput;

/** The one command over all of Sparsecast. */
public final class Main {
    private Main() {}

    public static void main(String[] arguments) {
        System.exit(run(arguments));
    }

    /** Runs one command line and returns its exit code. */
    public static int run(String... arguments) {
        // Libraries that print do not get between a command and whoever reads its output.
        StandardOutput.reserve();
        return RootCommand.run(arguments);
    }
}
