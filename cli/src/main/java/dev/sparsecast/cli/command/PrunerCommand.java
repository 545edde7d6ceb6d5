package dev.sparsecast.cli.command;

import dev.sparsecast.cli.service.ProbeServer;
import dev.sparsecast.cli.service.ServiceRun;
import dev.sparsecast.cli.terminal.ExitCode;
import dev.sparsecast.cli.terminal.StopSignal;
import dev.sparsecast.pruner.service.PrunerService;
import dev.sparsecast.pruner.service.PrunerSettings;
import dev.sparsecast.pruner.specification.SpecificationFile;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code sparsecast pruner}: statistics to signed releases. */
@Command(
        name = "pruner",
        description = {
            "Make signed releases of sub-models from exact snapshots of the running statistics.",
            "A POST to /refresh/NAME on the HTTP port asks for a release of a sub-model."
        })
@SuppressWarnings("NullAway.Init") // set by picocli
final class PrunerCommand implements Callable<Integer>, Service {
    @Mixin
    private final ClusterOptions cluster = new ClusterOptions();

    @Mixin
    private final ModelOption model = new ModelOption();

    @Option(
            names = "--submodels",
            required = true,
            paramLabel = "FILE",
            description = "YAML file that says which sub-models to make.")
    private Path submodels;

    @Option(
            names = "--store",
            required = true,
            paramLabel = "URI",
            description = "Where artifacts go: a directory or a file: URI.")
    private String store;

    @Option(
            names = "--signing-key",
            required = true,
            paramLabel = "FILE",
            description = "Private key, as 'keys generate' writes it.")
    private Path signingKey;

    @Option(
            names = "--state",
            required = true,
            paramLabel = "DIR",
            description = "Directory for the record of decisions.")
    private Path state;

    @Mixin
    private final ComputeOptions compute = new ComputeOptions();

    @Mixin
    private final ProbeOptions probes = new ProbeOptions();

    @Override
    public Integer call() {
        StopSignal stop = StopSignal.install();
        PrunerSettings settings = new PrunerSettings(
                model.directory(), store, signingKey, state, SpecificationFile.read(submodels), compute.threads());
        ClusterSettings connected = cluster.connect();
        try (ProbeServer server = probes.start();
                PrunerService pruner = PrunerService.start(connected, settings, server.registry())) {
            server.readyWhen(pruner::isReady);
            server.onPost("/refresh/", name -> {
                pruner.requestRefresh(name);
                return "a release of " + name + " was asked for";
            });
            ServiceRun.await(pruner.termination(), stop);
        }
        return ExitCode.DONE;
    }
}
