package dev.sparsecast.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsecast.checkpoint.CheckpointException;
import dev.sparsecast.cli.cluster.ClusterUnavailableException;
import dev.sparsecast.cli.stack.StackException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;

class RootCommandTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    /** Fails as it is told. */
    @Command(name = "fail")
    private record Failing(Exception failure) implements Callable<Integer> {
        @Override
        public Integer call() throws Exception {
            throw failure;
        }
    }

    @Test
    void printsHelpWithoutArguments() {
        assertThat(execute()).isZero();
        assertThat(out.toString()).contains("Usage: sparsecast", "stack", "topics");
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void printsItsVersion() {
        assertThat(execute("--version")).isZero();
        assertThat(out.toString()).startsWith("sparsecast ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "nonsense",
                "--nonsense",
                "stack --port many",
                "stack --port 70000",
                "stack --port 5000 --registry-port 5000",
                "stack extra",
                "topics --bootstrap-servers",
                "prune --model m --sequential",
                "prune --model m --sequential --prompts p --statistics s --sparsity 0.5",
                "prune --model m --sequential --sparsity 0.5",
                "prune --model m --prompts p --sparsity 0.5",
                "mask delta a b",
                "mask delta a b --out c --threads -1",
                "topics --bootstrap-servers localhost --json",
                "topics --bootstrap-servers a:1 --kafka bootstrap.servers=b:1",
                "topics --bootstrap-servers a:1 --partitions 0",
                "topics --bootstrap-servers a:1 --replication-factor 0",
                "topics --bootstrap-servers a:1 --languages Python!",
                "demo --exit --report no/such/directory/report.json",
                "demo --source-tree .",
                "prune --model . --method guesswork --sparsity 0.5",
                "prune --model . --method owl --pattern 2:4",
                "prune --model . --sparsity 0.5 --budget most",
                "prune --model . --sparsity 0.5 --removed-heads 1",
                "prune --model . --method flap --out cut",
                "prune --model . --method flap --sparsity 0.5 --out cut --mask mask",
                "profile --out x",
                "profile --out x --prompts demo.jsonl",
                "profile --out x --merge missing.statistics",
                "export imatrix --out x.gguf",
                "export imatrix --statistics missing.statistics --out x.gguf",
                "export imatrix --statistics missing.statistics --out x.gguf --chunk-size 0",
                "worker --bootstrap-servers a:1 --model x --max-tokens 0",
                "worker --bootstrap-servers a:1 --model x --oversize drop",
                "deploy --bootstrap-servers a:1 --model x --store s --state t --trusted-key k --layout sideways",
                "feed --bootstrap-servers a:1 --webhook http://localhost/",
                "feed --bootstrap-servers a:1 --webhook http://localhost/ --webhook-secret missing --state s",
            })
    void refusesBadUsageInOneSentence(String line) {
        assertThat(execute(line.split(" "))).isEqualTo(2);
        assertThat(out.toString()).isEmpty();
        assertThat(err.toString().lines())
                .filteredOn(text -> text.startsWith("sparsecast: "))
                .hasSize(1);
        assertThat(err.toString()).doesNotContain("\tat ");
    }

    static Stream<Arguments> failures() {
        return Stream.of(
                Arguments.of(new CheckpointException("The model is gone."), 2, "sparsecast: The model is gone."),
                Arguments.of(
                        new CheckpointException("The disk is full.", new IOException("No space left on device")),
                        1,
                        "sparsecast: The disk is full."),
                Arguments.of(
                        new CompletionException(new CheckpointException("The model is gone.")),
                        2,
                        "sparsecast: The model is gone."),
                Arguments.of(
                        new StackException(StackException.Reason.BAD_INPUT, "Port 1 is in use."),
                        2,
                        "sparsecast: Port 1 is in use."),
                Arguments.of(new StackException(StackException.Reason.FAILED, "It ended."), 1, "sparsecast: It ended."),
                Arguments.of(new ClusterUnavailableException("No broker."), 1, "sparsecast: No broker."),
                Arguments.of(new IllegalStateException("odd"), 1, "--stacktrace"));
    }

    @ParameterizedTest
    @MethodSource("failures")
    void tellsFailuresFromBadInput(Exception failure, int exitCode, String sentence) {
        CommandLine root = captured(RootCommand.commandLine().addSubcommand(new Failing(failure)));

        assertThat(root.execute("fail")).isEqualTo(exitCode);
        assertThat(err.toString()).contains(sentence).doesNotContain("\tat ");
    }

    @Test
    void printsTheStackTraceWhenAsked() {
        CommandLine root =
                captured(RootCommand.commandLine().addSubcommand(new Failing(new IllegalStateException("odd"))));

        assertThat(root.execute("--stacktrace", "fail")).isEqualTo(1);
        assertThat(err.toString()).contains("\tat ");
    }

    private int execute(String... arguments) {
        return captured(RootCommand.commandLine()).execute(KafkaArguments.expand(arguments));
    }

    private CommandLine captured(CommandLine command) {
        return command.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
    }
}
