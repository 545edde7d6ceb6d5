package dev.sparsecast.cli.command;

import dev.sparsecast.cli.demo.DemoRun;
import dev.sparsecast.cli.stack.Installation;
import dev.sparsecast.cli.terminal.ExitCode;
import dev.sparsecast.cli.terminal.StopSignal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code sparsecast demo}: the whole system in one go. */
@Command(
        name = "demo",
        description = {
            "Run the whole pipeline in one process on an embedded broker and registry: real prompts, a real model,",
            "six sub-models, a shift in traffic and a refreshed sub-model. Ctrl-C stops it."
        })
final class DemoCommand implements Callable<Integer> {
    @Option(names = "--exit", description = "End after the story.")
    private boolean exit;

    @Option(names = "--report", paramLabel = "FILE", description = "Write what happened to this file, as JSON.")
    private @Nullable Path report;

    @Option(
            names = "--state",
            paramLabel = "DIR",
            description =
                    "Where the sub-models go; must be new or empty (default: a new temporary directory, which is kept).")
    private @Nullable Path state;

    @Option(names = "--source-tree", paramLabel = "DIR", description = "Add your own code to the traffic.")
    private @Nullable Path sourceTree;

    @Option(names = "--language", paramLabel = "L", description = "Language of your own code (with --source-tree).")
    private @Nullable String language;

    @Option(names = "--http-port", paramLabel = "N", description = "Port of the console (default: any free one).")
    private int consolePort;

    @Mixin
    private final OutputOptions output = new OutputOptions();

    @Override
    public Integer call() {
        if ((sourceTree == null) != (language == null)) {
            throw new BadInputException("--source-tree and --language go together.");
        }
        checkReport();
        LogLevels.quietKafka();
        StopSignal stop = StopSignal.install();
        Path directory = stateDirectory();
        Object result = DemoRun.run(
                new DemoRun.Request(
                        Installation.current().demo(), directory, exit, report, sourceTree, language, consolePort),
                stop);
        if (output.json()) {
            output.output().json(result);
        }
        return ExitCode.DONE;
    }

    /** What only the end of the story would show otherwise. */
    private void checkReport() {
        if (report == null) {
            return;
        }
        Path folder = report.toAbsolutePath().getParent();
        if (folder == null || !Files.isDirectory(folder) || Files.isDirectory(report)) {
            throw new BadInputException(
                    "the report cannot be written to " + report + ": give --report a file in a directory that exists.");
        }
    }

    private Path stateDirectory() {
        try {
            if (state == null) {
                return Files.createTempDirectory("sparsecast-demo-");
            }
            Files.createDirectories(state);
            try (var entries = Files.list(state)) {
                if (entries.findAny().isPresent()) {
                    throw new BadInputException("the directory " + state + " is not empty; give --state a new one.");
                }
            }
            return state;
        } catch (IOException e) {
            throw new BadInputException("cannot make the state directory: " + e, e);
        }
    }
}
