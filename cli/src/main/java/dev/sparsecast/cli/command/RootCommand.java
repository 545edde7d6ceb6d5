package dev.sparsecast.cli.command;

import dev.sparsecast.cli.terminal.ExitCode;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.RunLast;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** {@code sparsecast} itself: the options that every command takes, and help. */
@Command(
        name = "sparsecast",
        description = "Sub-models of code LLMs that follow live traffic.",
        subcommands = {
            DemoCommand.class,
            StackCommand.class,
            TopicsCommand.class,
            ProduceCommand.class,
            WorkerCommand.class,
            StreamsCommand.class,
            PrunerCommand.class,
            ReleasesCommand.class,
            DeployCommand.class,
            FeedCommand.class,
            DeadLettersCommand.class,
            ConsoleCommand.class,
            ProfileCommand.class,
            PruneCommand.class,
            EvaluateCommand.class,
            CompareCommand.class,
            MaskCommand.class,
            ExportCommand.class,
            KeysCommand.class
        },
        mixinStandardHelpOptions = true,
        scope = ScopeType.INHERIT,
        versionProvider = Version.class,
        sortOptions = false,
        usageHelpAutoWidth = true,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:done", "1:failed", "2:bad usage or bad input"})
public final class RootCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Option(
            names = {"-v", "--verbose"},
            scope = ScopeType.INHERIT,
            description = "Log more, on standard error.")
    private boolean verbose;

    @Option(names = "--stacktrace", scope = ScopeType.INHERIT, description = "Print the stack trace of a failure.")
    private boolean stacktrace;

    /** Runs a command line and returns its exit code. */
    public static int run(String... arguments) {
        return commandLine().execute(KafkaArguments.expand(arguments));
    }

    static CommandLine commandLine() {
        RootCommand root = new RootCommand();
        Problems problems = new Problems(root);
        return new CommandLine(root)
                .setOut(new PrintWriter(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setOverwrittenOptionsAllowed(false)
                .setParameterExceptionHandler(problems::badUsage)
                .setExecutionExceptionHandler(problems::failed)
                .setExecutionStrategy(root::execute);
    }

    private int execute(ParseResult parsed) {
        Object command = parsed.asCommandLineList().getLast().getCommand();
        LogLevels.choose(verbose, command instanceof Service);
        return new RunLast().execute(parsed);
    }

    /** Without a subcommand: help. */
    @Override
    public Integer call() {
        spec.commandLine().usage(spec.commandLine().getOut());
        return ExitCode.DONE;
    }

    boolean stacktrace() {
        return stacktrace;
    }
}
