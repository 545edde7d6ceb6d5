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
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code sparsecast pruner}: statistics to signed releases. */
@Command(
        name = "pruner",
        description = {
            "Make signed releases of sub-models from exact snapshots of the running statistics.",
            "Of several pruners of a model one is in charge; the others wait and take over when it ends.",
            "A POST to /refresh/NAME on the HTTP port asks for a release of a sub-model, as 'pruner refresh' does."
        },
        subcommands = {
            PrunerSteeringCommands.Refresh.class,
            PrunerSteeringCommands.Pause.class,
            PrunerSteeringCommands.Resume.class
        })
final class PrunerCommand implements Callable<Integer>, Service {
    @Mixin
    private final ClusterOptions cluster = new ClusterOptions();

    // What must be given is checked by call, since the subcommands take nothing of it.

    @Option(
            names = "--model",
            paramLabel = "MODEL",
            description = "Base model: a Hugging Face directory, or the id of one on the hub (required).")
    private @Nullable String model;

    @Option(
            names = "--submodels",
            paramLabel = "FILE",
            description = "YAML file that says which sub-models to make; its changes are followed (required).")
    private @Nullable Path submodels;

    @Option(
            names = "--store",
            paramLabel = "URI",
            description = "Where artifacts go: a directory, or s3://BUCKET/PREFIX (required).")
    private @Nullable String store;

    @Option(
            names = "--signing-key",
            paramLabel = "FILE",
            description = "Private key, as 'keys generate' writes it (required).")
    private @Nullable Path signingKey;

    @Option(
            names = "--trusted-key",
            arity = "1..*",
            paramLabel = "FILE",
            description = "Public keys that earlier releases may be signed with, besides.")
    private List<Path> trustedKeys = List.of();

    @Option(
            names = "--state",
            paramLabel = "DIR",
            description = "Directory for unfinished work; each pruner needs its own (required).")
    private @Nullable Path state;

    @Mixin
    private final ComputeOptions compute = new ComputeOptions();

    @Mixin
    private final ProbeOptions probes = new ProbeOptions();

    @Override
    public Integer call() {
        StopSignal stop = StopSignal.install();
        PrunerSettings settings = settings();
        ClusterSettings connected = cluster.connect();
        try (ProbeServer server = probes.start();
                PrunerService pruner = PrunerService.start(connected, settings, server.registry())) {
            server.readyWhen(() -> pruner.isReady() || pruner.isStandby());
            server.onPost("/refresh/", name -> {
                pruner.requestRefresh(name);
                return "a release of " + name + " was asked for";
            });
            ServiceRun.await(pruner.termination(), stop);
        }
        return ExitCode.DONE;
    }

    private PrunerSettings settings() {
        Path file = given("--submodels=FILE", submodels);
        return new PrunerSettings(
                ModelOption.directory(given("--model=MODEL", model)),
                given("--store=URI", store),
                given("--signing-key=FILE", signingKey),
                trustedKeys,
                given("--state=DIR", state),
                SpecificationFile.read(file),
                Optional.of(file),
                compute.threads());
    }

    private static <T> T given(String option, @Nullable T value) {
        if (value == null) {
            throw new BadInputException("Missing required option '" + option + "'.");
        }
        return value;
    }
}
