package dev.sparsecast.cli.command;

import dev.sparsecast.cli.terminal.ExitCode;
import dev.sparsecast.cli.terminal.StopSignal;
import dev.sparsecast.console.ConsoleServer;
import dev.sparsecast.console.ConsoleSettings;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code sparsecast console}: the web page. */
@Command(name = "console", description = "Show the whole pipeline live on a web page.")
@SuppressWarnings("NullAway.Init") // set by picocli
final class ConsoleCommand implements Callable<Integer>, Service {
    @Mixin
    private final ClusterOptions cluster = new ClusterOptions();

    @Option(
            names = "--http-port",
            paramLabel = "N",
            defaultValue = "8090",
            description = "Port of the page; 0 for any free one (default: ${DEFAULT-VALUE}).")
    private int port;

    @Option(
            names = "--http-host",
            paramLabel = "ADDRESS",
            defaultValue = "127.0.0.1",
            description = "Address to listen on (default: ${DEFAULT-VALUE}, this machine only).")
    private String host;

    @Override
    public Integer call() {
        StopSignal stop = StopSignal.install();
        ConsoleSettings settings = ConsoleSettings.onPort(port).withHost(host);
        try (ConsoleServer server = ConsoleServer.start(settings, cluster.connect())) {
            System.err.println("The console is on " + server.address());
            stop.received().join();
        }
        return ExitCode.DONE;
    }
}
