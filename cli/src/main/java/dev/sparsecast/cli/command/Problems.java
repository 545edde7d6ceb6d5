package dev.sparsecast.cli.command;

import dev.sparsecast.checkpoint.hub.HubException;
import dev.sparsecast.cli.cluster.ClusterUnavailableException;
import dev.sparsecast.cli.deadletters.DeadLetterException;
import dev.sparsecast.cli.demo.DemoException;
import dev.sparsecast.cli.releases.ReleasesException;
import dev.sparsecast.cli.stack.StackException;
import dev.sparsecast.cli.terminal.ExitCode;
import dev.sparsecast.deployer.DeployerException;
import dev.sparsecast.deployer.trust.RefusedException;
import dev.sparsecast.pruner.command.CommandException;
import dev.sparsecast.pruner.service.PrunerException;
import dev.sparsecast.store.StoreException;
import dev.sparsecast.streams.StreamsException;
import dev.sparsecast.worker.loop.WorkerException;
import java.io.IOException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/**
 * Turns what went wrong into one sentence on standard error and an exit code. An exception class of our own carries a
 * sentence for the user: it means bad input, unless it says otherwise. Anything else is a failure that nobody foresaw.
 */
final class Problems {
    private static final String OURS = "dev.sparsecast.";

    private final RootCommand root;

    Problems(RootCommand root) {
        this.root = root;
    }

    int badUsage(ParameterException problem, String[] arguments) {
        CommandLine command = problem.getCommandLine();
        say(command, sentence(problem));
        command.getErr().println("Try '" + command.getCommandSpec().qualifiedName() + " --help'.");
        if (root.stacktrace() && problem.getCause() != null) {
            problem.printStackTrace(command.getErr());
        }
        return ExitCode.BAD_INPUT;
    }

    int failed(Exception thrown, CommandLine command, @Nullable ParseResult parsed) {
        Throwable problem = unwrap(thrown);
        boolean foreseen = isOurs(problem);
        say(
                command,
                foreseen
                        ? sentence(problem)
                        : "Unexpected failure: " + problem
                                + (root.stacktrace() ? "" : "; run it again with --stacktrace to see where."));
        if (root.stacktrace()) {
            problem.printStackTrace(command.getErr());
            command.getErr().flush();
        }
        return exitCode(problem, foreseen);
    }

    private static int exitCode(Throwable problem, boolean foreseen) {
        return switch (problem) {
            case StackException e when e.reason() == StackException.Reason.FAILED -> ExitCode.FAILED;
            case FailedException _,
                    ClusterUnavailableException _,
                    DemoException _,
                    DeadLetterException _,
                    ReleasesException _,
                    CommandException _,
                    HubException _ -> ExitCode.FAILED;
            // Services that were started rightly and could not go on.
            case WorkerException _,
                    StreamsException _,
                    PrunerException _,
                    DeployerException _,
                    RefusedException _,
                    StoreException _ -> ExitCode.FAILED;
            default -> foreseen && !isTheMachines(problem) ? ExitCode.BAD_INPUT : ExitCode.FAILED;
        };
    }

    /** Whether something like a full disk is behind it, rather than a path that was given wrongly. */
    private static boolean isTheMachines(Throwable problem) {
        return problem.getCause() instanceof IOException cause && cause.getClass() == IOException.class;
    }

    private static boolean isOurs(Throwable problem) {
        return problem.getMessage() != null
                && (problem.getClass().getName().startsWith(OURS) || isRefusedByUs(problem));
    }

    /** A value that one of our own records or methods has refused, in a sentence of ours. */
    private static boolean isRefusedByUs(Throwable problem) {
        StackTraceElement[] trace = problem.getStackTrace();
        return problem instanceof IllegalArgumentException
                && trace.length > 0
                && trace[0].getClassName().startsWith(OURS);
    }

    /** Wrappers of futures and reflection say nothing; what they wrap does. */
    private static Throwable unwrap(Throwable thrown) {
        Throwable current = thrown;
        while ((current instanceof CompletionException || current instanceof ExecutionException)
                && current.getCause() != null) {
            current = current.getCause();
        }
        return current;
    }

    private static String sentence(Throwable problem) {
        @Nullable String message = problem.getMessage();
        return message == null ? problem.toString() : message;
    }

    private static void say(CommandLine command, String sentence) {
        command.getErr().println("sparsecast: " + sentence);
        command.getErr().flush();
    }
}
