package dev.sparsecast.cli.command;

import dev.sparsecast.cli.service.ProbeServer;
import dev.sparsecast.cli.service.ServiceRun;
import dev.sparsecast.cli.terminal.ExitCode;
import dev.sparsecast.cli.terminal.StopSignal;
import dev.sparsecast.deployer.DeployerService;
import dev.sparsecast.deployer.DeployerSettings;
import dev.sparsecast.deployer.SubModelListener;
import dev.sparsecast.deployer.hook.CommandHook;
import dev.sparsecast.deployer.hook.Hook;
import dev.sparsecast.deployer.hook.HttpHook;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code sparsecast deploy}: follows releases and keeps the newest good one of each in a directory. */
@Command(
        name = "deploy",
        description = {
            "Follow the releases of sub-models: verify each, make it from the base model, and switch to it atomically.",
            "<state>/<sub-model>/current is always a complete Hugging Face directory."
        })
@SuppressWarnings("NullAway.Init") // set by picocli
final class DeployCommand implements Callable<Integer>, Service {
    private static final Duration HOOK_PATIENCE = Duration.ofSeconds(60);

    @Mixin
    private final ClusterOptions cluster = new ClusterOptions();

    @Mixin
    private final ModelOption model = new ModelOption();

    @Option(
            names = "--store",
            required = true,
            paramLabel = "URI",
            description = "Where the pruner puts artifacts: a directory or a file: URI.")
    private String store;

    @Option(names = "--state", required = true, paramLabel = "DIR", description = "Directory for the versions.")
    private Path state;

    @Option(
            names = "--trusted-key",
            required = true,
            arity = "1..*",
            paramLabel = "FILE",
            description = "Public keys of those whose releases are taken.")
    private List<Path> trustedKeys = List.of();

    @Option(
            names = "--name",
            paramLabel = "NAME",
            defaultValue = "deployer-0",
            description = "Name of this deployer, unique and the same after a restart (default: ${DEFAULT-VALUE}).")
    private String name;

    @Option(
            names = "--submodels",
            split = ",",
            paramLabel = "NAME[,...]",
            description = "Sub-models to follow (default: all).")
    private Set<String> submodels = Set.of();

    @Option(names = "--keep", paramLabel = "N", defaultValue = "2", description = "Previous versions to keep.")
    private int keep;

    @Option(
            names = "--hook-command",
            arity = "1..*",
            paramLabel = "ARG",
            description = "Command to run after every switch; if it fails, the switch is undone.")
    private List<String> hookCommand = List.of();

    @Option(
            names = "--hook-url",
            paramLabel = "URL",
            description =
                    "Address to POST to after every switch, with {submodel}, {version} and {directory} filled in.")
    private @Nullable String hookUrl;

    @Mixin
    private final ProbeOptions probes = new ProbeOptions();

    @Override
    public Integer call() {
        StopSignal stop = StopSignal.install();
        List<Hook> hooks = new ArrayList<>();
        if (!hookCommand.isEmpty()) {
            hooks.add(new CommandHook(hookCommand, HOOK_PATIENCE));
        }
        if (hookUrl != null) {
            hooks.add(new HttpHook(hookUrl, HOOK_PATIENCE));
        }
        DeployerSettings settings = DeployerSettings.of(
                        name, cluster.connect(), model.directory(), store, state, trustedKeys)
                .withSubmodels(submodels)
                .withKeepPrevious(keep)
                .withHooks(hooks);
        try (ProbeServer server = probes.start();
                DeployerService deployer =
                        DeployerService.start(settings, new SubModelListener() {}, server.registry())) {
            server.readyWhen(() -> !deployer.termination().isDone());
            ServiceRun.await(deployer.termination(), stop);
        }
        return ExitCode.DONE;
    }
}
