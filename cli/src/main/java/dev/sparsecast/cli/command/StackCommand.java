package dev.sparsecast.cli.command;

import dev.sparsecast.cli.stack.EmbeddedStack;
import dev.sparsecast.cli.stack.StackException;
import dev.sparsecast.cli.stack.StackOptions;
import dev.sparsecast.cli.terminal.ExitCode;
import dev.sparsecast.cli.terminal.StopSignal;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code sparsecast stack}: broker and registry alone, in the foreground. */
@Command(
        name = "stack",
        description = {
            "Run an embedded Kafka broker and schema registry in the foreground.",
            "The first line of output is one JSON object with their addresses. Ctrl-C stops both."
        })
final class StackCommand implements Callable<Integer>, Service {
    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "Keep topics, records and schemas in this directory (default: a temporary one).")
    private @Nullable Path data;

    @Option(names = "--port", paramLabel = "N", description = "The broker's port (default: any free one).")
    private int port;

    @Option(names = "--registry-port", paramLabel = "N", description = "The registry's port (default: any free one).")
    private int registryPort;

    @Mixin
    private final OutputOptions output = new OutputOptions();

    /** What the first line of output says. */
    record Addresses(String bootstrapServers, String schemaRegistryUrl) {}

    @Override
    public Integer call() {
        StopSignal stop = StopSignal.install();
        try (EmbeddedStack stack = EmbeddedStack.start(new StackOptions(data, port, registryPort))) {
            output.output().json(new Addresses(stack.bootstrapServers(), stack.schemaRegistryUrl()));
            System.err.println("Broker and schema registry are up; Ctrl-C stops them.");
            CompletableFuture.anyOf(stop.received(), stack.registryEnded()).join();
            if (!stop.isStopped()) {
                throw new StackException(
                        StackException.Reason.FAILED,
                        "The schema registry ended by itself; start the stack again with --data DIR and see DIR/registry.log.");
            }
        }
        return ExitCode.DONE;
    }
}
