package dev.sparsecast.cli.command;

import dev.sparsecast.cli.deadletters.Letter;
import dev.sparsecast.cli.deadletters.LetterBox;
import dev.sparsecast.cli.deadletters.LetterBox.Content;
import dev.sparsecast.cli.deadletters.LetterBox.Replayed;
import dev.sparsecast.cli.deadletters.LetterText;
import dev.sparsecast.cli.terminal.ExitCode;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code sparsecast dead-letters}: records that no service could process. */
@Command(
        name = "dead-letters",
        description = "Look at records that could not be processed, and send them back once the cause is mended.",
        subcommands = {
            DeadLettersCommand.ListLetters.class,
            DeadLettersCommand.Show.class,
            DeadLettersCommand.Replay.class
        })
final class DeadLettersCommand {
    /** {@code sparsecast dead-letters list}. */
    @Command(name = "list", description = "Count the dead letters of every topic by reason.")
    static final class ListLetters implements Callable<Integer> {
        @Mixin
        private final ClusterOptions cluster = new ClusterOptions();

        @Mixin
        private final OutputOptions output = new OutputOptions();

        @Override
        public Integer call() {
            LetterBox box = new LetterBox(cluster.connectToBroker());
            List<Content> contents = box.topics().stream().map(box::content).toList();
            output.print(
                    Map.of("topics", contents),
                    () -> contents.stream().map(ListLetters::describe).collect(Collectors.joining("\n")));
            return ExitCode.DONE;
        }

        private static String describe(Content content) {
            String reasons = content.reasons().entrySet().stream()
                    .map(reason -> "\n  " + reason.getValue() + " × " + reason.getKey())
                    .collect(Collectors.joining());
            return content.topic() + ": " + content.letters() + ", not replayed: " + content.waiting() + reasons;
        }
    }

    /** {@code sparsecast dead-letters show}. */
    @Command(name = "show", description = "Show the dead letters of a topic: why, from where, and what is in them.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    static final class Show implements Callable<Integer> {
        @Mixin
        private final ClusterOptions cluster = new ClusterOptions();

        @Parameters(paramLabel = "TOPIC", description = "Such as dead-letters.activation-norms.")
        private String topic;

        @Option(
                names = "--limit",
                paramLabel = "N",
                defaultValue = "20",
                description = "Most letters to show (default: ${DEFAULT-VALUE}).")
        private long limit;

        @Mixin
        private final OutputOptions output = new OutputOptions();

        /** What {@code --json} prints for each. */
        record Shown(String place, Instant at, String key, String reason, String from, String value) {}

        @Override
        public Integer call() {
            ClusterSettings settings = cluster.connect();
            LetterText text = new LetterText(settings);
            List<Shown> letters = new LetterBox(settings)
                    .letters(topic, limit).stream()
                            .map(letter -> shown(letter, text.of(letter)))
                            .toList();
            output.print(
                    Map.of("letters", letters),
                    () -> letters.stream().map(Show::describe).collect(Collectors.joining("\n\n")));
            return ExitCode.DONE;
        }

        private static Shown shown(Letter letter, String value) {
            return new Shown(
                    letter.place(),
                    letter.at(),
                    letter.key(),
                    letter.reason(),
                    letter.origin() + " " + letter.originOffset(),
                    value);
        }

        private static String describe(Shown letter) {
            return letter.place() + "  " + letter.at() + "  from " + letter.from() + ", key " + letter.key() + "\n  "
                    + letter.reason() + "\n  " + letter.value();
        }
    }

    /** {@code sparsecast dead-letters replay}. */
    @Command(
            name = "replay",
            description = {
                "Send the dead letters of a topic where they came from, each exactly once, however often this is run.",
                "Those that fail again come back as new letters."
            })
    @SuppressWarnings("NullAway.Init") // set by picocli
    static final class Replay implements Callable<Integer> {
        @Mixin
        private final ClusterOptions cluster = new ClusterOptions();

        @Parameters(paramLabel = "TOPIC", description = "Such as dead-letters.activation-norms.")
        private String topic;

        @Option(names = "--limit", paramLabel = "N", description = "Most letters to replay (default: all).")
        private long limit = Long.MAX_VALUE;

        @Mixin
        private final OutputOptions output = new OutputOptions();

        @Override
        public Integer call() {
            Replayed replayed = new LetterBox(cluster.connectToBroker()).replay(topic, limit);
            output.print(
                    replayed,
                    () -> "sent " + replayed.sent() + " letters of " + topic + " back"
                            + (replayed.cut() > 0
                                    ? "; " + replayed.cut() + " were too large and had been cut, so they are left out"
                                    : ""));
            return ExitCode.DONE;
        }
    }
}
