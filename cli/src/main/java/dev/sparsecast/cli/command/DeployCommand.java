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
import dev.sparsecast.deployer.hook.HttpProbe;
import dev.sparsecast.deployer.state.Layout;
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
            "<state>/<sub-model>/current is always a complete Hugging Face directory; with --layout versions it is the",
            "highest of <state>/<sub-model>/<version>."
        })
@SuppressWarnings("NullAway.Init") // set by picocli
final class DeployCommand implements Callable<Integer>, Service {
    @Mixin
    private final ClusterOptions cluster = new ClusterOptions();

    @Mixin
    private final ModelOption model = new ModelOption();

    @Option(
            names = "--store",
            required = true,
            paramLabel = "URI",
            description = "Where the pruner puts artifacts: a directory, or s3://BUCKET/PREFIX.")
    private String store;

    @Option(names = "--state", required = true, paramLabel = "DIR", description = "Directory for the versions.")
    private Path state;

    @Option(
            names = "--trusted-key",
            required = true,
            arity = "1..*",
            paramLabel = "PATH",
            description = {
                "Public keys of those whose releases are taken: files, and directories of *.pub files.",
                "They are looked at again, so that keys can be added and revoked."
            })
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
            names = "--layout",
            paramLabel = "LAYOUT",
            defaultValue = "link",
            description =
                    "link: 'current' is a link to the version in use; versions: directories that are named by version,"
                            + " the highest of which is in use, as TensorFlow Serving expects them (default: ${DEFAULT-VALUE}).")
    private Layout layout;

    @Option(
            names = "--kinds",
            split = ",",
            paramLabel = "KIND[,...]",
            description =
                    "Kinds of artifact to use: recipe, delta, mask, checkpoint (default: all, the smallest first).")
    private Set<String> kinds = Set.of("recipe", "delta", "mask", "checkpoint");

    @Option(
            names = "--hook-command",
            arity = "1..*",
            paramLabel = "ARG",
            description = "Command to run after every switch; if it fails, the switch is undone.")
    private List<String> hookCommand = List.of();

    @Option(
            names = "--hook-url",
            paramLabel = "URL",
            description = "Address to POST to after every switch, with {submodel}, {version} and {directory} filled in;"
                    + " unless the answer is 2xx, the switch is undone.")
    private @Nullable String hookUrl;

    @Option(
            names = "--probe-command",
            arity = "1..*",
            paramLabel = "ARG",
            description = "Command to run after the hooks; if it fails, the switch is undone.")
    private List<String> probeCommand = List.of();

    @Option(
            names = "--probe-url",
            paramLabel = "URL",
            description = "Address to GET after the hooks, again and again until the answer is 2xx; if it is not in"
                    + " --hook-timeout-seconds, the switch is undone.")
    private @Nullable String probeUrl;

    @Option(
            names = "--hook-timeout-seconds",
            paramLabel = "N",
            defaultValue = "60",
            description = "How long each hook and probe may take (default: ${DEFAULT-VALUE}).")
    private int hookTimeout;

    @Option(
            names = "--canary-timeout-seconds",
            paramLabel = "N",
            defaultValue = "1800",
            description =
                    "After so long a deployer that is no canary of a release takes it if one canary found it good, or"
                            + " if there is none (default: ${DEFAULT-VALUE}).")
    private int canaryTimeout;

    @Mixin
    private final ProbeOptions probes = new ProbeOptions();

    @Override
    public Integer call() {
        StopSignal stop = StopSignal.install();
        DeployerSettings settings = DeployerSettings.of(
                        name, cluster.connect(), model.directory(), store, state, trustedKeys)
                .withSubmodels(submodels)
                .withLayout(layout)
                .withKeepPrevious(keep)
                .withKinds(kinds)
                .withHooks(hooks())
                .withCanaryPatience(Duration.ofSeconds(canaryTimeout));
        try (ProbeServer server = probes.start();
                DeployerService deployer = DeployerService.start(settings, SubModelListener.NONE, server.registry())) {
            server.readyWhen(() -> !deployer.termination().isDone());
            ServiceRun.await(deployer.termination(), stop);
        }
        return ExitCode.DONE;
    }

    /** Those who load the new version, then those who look whether it does any good. */
    private List<Hook> hooks() {
        Duration patience = Duration.ofSeconds(hookTimeout);
        List<Hook> hooks = new ArrayList<>();
        if (!hookCommand.isEmpty()) {
            hooks.add(new CommandHook(hookCommand, patience));
        }
        if (hookUrl != null) {
            hooks.add(new HttpHook(hookUrl, patience));
        }
        if (!probeCommand.isEmpty()) {
            hooks.add(new CommandHook(probeCommand, patience));
        }
        if (probeUrl != null) {
            hooks.add(new HttpProbe(probeUrl, patience));
        }
        return hooks;
    }
}
