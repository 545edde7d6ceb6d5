package dev.sparsecast.cli.command;

import picocli.CommandLine.Option;

/** {@code --threads}. */
final class ThreadsOption {
    @Option(names = "--threads", paramLabel = "N", description = "Threads (default: one a core).")
    private int threads;

    int count() {
        if (threads < 0) {
            throw new BadInputException("--threads must be at least 1, not " + threads + ".");
        }
        return threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
    }
}
