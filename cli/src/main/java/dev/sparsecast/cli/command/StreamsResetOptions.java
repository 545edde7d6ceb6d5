package dev.sparsecast.cli.command;

import dev.sparsecast.streams.ApplicationReset;
import dev.sparsecast.streams.ApplicationReset.Outcome;
import dev.sparsecast.streams.InstanceSettings;
import java.nio.file.Path;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What {@code streams reset} and {@code streams clean} have in common. */
@SuppressWarnings("NullAway.Init") // set by picocli
final class StreamsResetOptions {
    @Mixin
    private final ClusterOptions cluster = new ClusterOptions();

    @Option(
            names = "--state",
            required = true,
            paramLabel = "DIR",
            description = "Directory of an instance's state stores; delete those of instances on other machines there.")
    private Path state;

    @Option(names = "--yes", description = "Do it. Without this, nothing is deleted.")
    private boolean yes;

    @Mixin
    private final OutputOptions output = new OutputOptions();

    void run(boolean outputs, String loss) {
        if (!yes) {
            throw new BadInputException(loss + " If you want that, say --yes.");
        }
        Outcome outcome = ApplicationReset.run(
                cluster.connectToBroker(), InstanceSettings.DEFAULT_APPLICATION_ID, state, outputs);
        output.print(outcome, () -> describe(outcome));
    }

    private static String describe(Outcome outcome) {
        return "deleted the topics " + outcome.topics() + ", the offsets of "
                + (outcome.group().isEmpty() ? "no group" : outcome.group()) + " and "
                + (outcome.directory().isEmpty() ? "no local state" : "the state in " + outcome.directory());
    }
}
