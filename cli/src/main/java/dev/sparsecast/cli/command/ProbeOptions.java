package dev.sparsecast.cli.command;

import dev.sparsecast.cli.service.ProbeServer;
import picocli.CommandLine.Option;

/** {@code --http-port} of a service. */
final class ProbeOptions {
    @Option(
            names = "--http-port",
            paramLabel = "N",
            defaultValue = "0",
            description = "Port of /ready, /liveness and /metrics (default: any free one).")
    private int port;

    ProbeServer start() {
        ProbeServer probes = ProbeServer.start(port);
        System.err.println("Probes and metrics are on http://localhost:" + probes.port());
        return probes;
    }
}
