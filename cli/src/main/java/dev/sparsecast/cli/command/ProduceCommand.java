package dev.sparsecast.cli.command;

import dev.sparsecast.cli.terminal.ExitCode;
import dev.sparsecast.cli.terminal.Progress;
import dev.sparsecast.producers.PromptFile;
import dev.sparsecast.producers.PromptProducer;
import dev.sparsecast.producers.PromptProducer.Sent;
import dev.sparsecast.producers.SourceTree;
import dev.sparsecast.schemas.Prompt;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code sparsecast produce}: sends prompts to {@code prompts.<language>}. */
@Command(name = "produce", description = "Send prompts from JSON lines or from real source files.")
@SuppressWarnings("NullAway.Init") // set by picocli
final class ProduceCommand implements Callable<Integer> {
    @Mixin
    private final ClusterOptions cluster = new ClusterOptions();

    @ArgGroup(multiplicity = "1")
    private Source source;

    /** One of the two sources. */
    static final class Source {
        @Option(
                names = "--jsonl",
                arity = "1..*",
                required = true,
                paramLabel = "FILE",
                description = "Files of JSON lines with id, language, domain and text.")
        private List<Path> jsonl = List.of();

        @ArgGroup(exclusive = false)
        private @Nullable Tree tree;
    }

    /** A source tree and its language. */
    static final class Tree {
        @Option(
                names = "--source-tree",
                required = true,
                paramLabel = "DIR",
                description = "Cut the source files of this directory into prompts.")
        private Path directory;

        @Option(names = "--language", required = true, paramLabel = "L", description = "Language of the source files.")
        private String language;
    }

    @Option(names = "--rate", paramLabel = "N", description = "Most prompts a second, on average (default: no limit).")
    private double rate = Double.POSITIVE_INFINITY;

    @Mixin
    private final OutputOptions output = new OutputOptions();

    /** What {@code --json} prints. */
    record Result(long sent, Map<String, Long> byLanguage, long brokenLines, double seconds) {}

    @Override
    public Integer call() {
        List<Prompt> prompts = new ArrayList<>();
        long broken = 0;
        if (source.tree != null) {
            prompts.addAll(SourceTree.read(source.tree.directory, source.tree.language));
        }
        for (Path file : source.jsonl) {
            PromptFile read = PromptTexts.read(file);
            prompts.addAll(read.prompts());
            broken += read.brokenLines().size();
        }
        long start = System.nanoTime();
        Sent sent;
        try (PromptProducer producer = new PromptProducer(cluster.connect());
                Progress line = Progress.ofProcess()) {
            int total = prompts.size();
            sent = producer.send(prompts, rate, state -> line.update(progress(state, total, start)));
        }
        Result result = new Result(sent.sent(), sent.byLanguage(), broken, (System.nanoTime() - start) / 1e9);
        output.print(
                result,
                () -> String.format(
                        Locale.ROOT,
                        "sent %,d prompts %s in %.1f s; %,d broken lines left out",
                        result.sent(),
                        result.byLanguage(),
                        result.seconds(),
                        result.brokenLines()));
        return ExitCode.DONE;
    }

    private static String progress(Sent sent, int total, long start) {
        double seconds = Math.max(1e-3, (System.nanoTime() - start) / 1e9);
        return String.format(
                Locale.ROOT, "sent %,d of %,d prompts (%.1f/s)", sent.sent(), total, sent.sent() / seconds);
    }
}
