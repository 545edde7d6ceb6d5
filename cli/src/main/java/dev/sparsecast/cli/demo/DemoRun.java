package dev.sparsecast.cli.demo;

import dev.sparsecast.cli.demo.Traffic.OwnCode;
import dev.sparsecast.cli.terminal.Progress;
import dev.sparsecast.cli.terminal.StopSignal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** Runs the demo from beginning to end. */
public final class DemoRun {
    private static final JsonMapper JSON = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .enable(SerializationFeature.INDENT_OUTPUT)
            .build();

    private DemoRun() {}

    /**
     * What to run.
     *
     * @param demo directory with {@code models/tiny-coder} and {@code prompts}
     * @param state directory for everything that the demo makes
     * @param exit whether to end after the story
     * @param report file for the report
     * @param sourceTree the user's own code, and its language
     */
    public record Request(
            Path demo,
            Path state,
            boolean exit,
            @Nullable Path report,
            @Nullable Path sourceTree,
            @Nullable String language,
            int consolePort) {}

    /** Tells the story; returns what to print. */
    public static Object run(Request request, StopSignal stop) {
        Optional<OwnCode> ownCode = request.sourceTree() == null || request.language() == null
                ? Optional.empty()
                : Optional.of(new OwnCode(request.sourceTree(), request.language()));
        DemoSettings settings = new DemoSettings(
                request.demo().resolve("models").resolve("tiny-coder"),
                request.demo().resolve("prompts"),
                request.state(),
                ownCode,
                request.consolePort());
        try (Progress progress = Progress.ofProcess();
                Demo demo = new Demo(settings, progress)) {
            CompletableFuture<DemoReport> story = CompletableFuture.supplyAsync(
                    demo::tell,
                    task -> Thread.ofPlatform().daemon().name("story").start(task));
            var unused = stop.received().thenRun(demo::stop);
            DemoReport report = story.join();
            progress.line(Tables.of(report));
            progress.line("The sub-models are in " + settings.deployed() + ", each as <name>/current.");
            if (request.report() != null) {
                write(request.report(), report);
            }
            if (!request.exit()) {
                progress.line("The pipeline keeps running; Ctrl-C stops it.");
                stop.received().join();
            }
            return report;
        }
    }

    private static void write(Path file, DemoReport report) {
        try {
            Files.write(file, JSON.writeValueAsBytes(report));
        } catch (IOException e) {
            throw new DemoException("cannot write the report " + file + ": " + e, e);
        }
    }
}
