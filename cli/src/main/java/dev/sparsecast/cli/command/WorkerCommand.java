package dev.sparsecast.cli.command;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.cli.service.ProbeServer;
import dev.sparsecast.cli.service.ServiceRun;
import dev.sparsecast.cli.terminal.ExitCode;
import dev.sparsecast.cli.terminal.StopSignal;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.worker.loop.FlushPolicy;
import dev.sparsecast.worker.loop.InferenceWorker;
import dev.sparsecast.worker.loop.PromptLimit;
import dev.sparsecast.worker.loop.SourceCap;
import dev.sparsecast.worker.loop.WorkerSettings;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code sparsecast worker}: prompts to activation norms. */
@Command(
        name = "worker",
        description = "Run prompts through the model and publish activation norms, each prompt counted exactly once.")
@SuppressWarnings("NullAway.Init") // set by picocli
final class WorkerCommand implements Callable<Integer>, Service {
    @Mixin
    private final ClusterOptions cluster = new ClusterOptions();

    @Mixin
    private final ModelOption model = new ModelOption();

    @Option(
            names = "--instance",
            paramLabel = "NAME",
            defaultValue = "worker-0",
            description = "Name of this worker, unique and the same after a restart (default: ${DEFAULT-VALUE}).")
    private String instance;

    @Option(
            names = "--flush-tokens",
            paramLabel = "N",
            defaultValue = "100000",
            description = "Publish after so many tokens (default: ${DEFAULT-VALUE}).")
    private long flushTokens;

    @Option(
            names = "--flush-prompts",
            paramLabel = "N",
            defaultValue = "2000",
            description = "or after so many prompts (default: ${DEFAULT-VALUE}),")
    private long flushPrompts;

    @Option(
            names = "--flush-seconds",
            paramLabel = "S",
            defaultValue = "10",
            description = "or after so many seconds (default: ${DEFAULT-VALUE}).")
    private double flushSeconds;

    @Option(
            names = "--max-tokens",
            paramLabel = "N",
            defaultValue = "" + Integer.MAX_VALUE,
            description = "Longest prompt (default: the model's positions); the same for all workers of a group.")
    private int maxTokens;

    @Option(
            names = "--oversize",
            paramLabel = "POLICY",
            defaultValue = "cut",
            description = "What becomes of longer prompts: cut counts their head, reject sends"
                    + " them to the dead letters (default: ${DEFAULT-VALUE}).")
    private PromptLimit.Oversize oversize;

    @Option(
            names = "--source-share",
            paramLabel = "S",
            defaultValue = "1",
            description = "Largest share of a group's tokens, in a window, that one source of prompts may have;"
                    + " 1 is no cap (default: ${DEFAULT-VALUE}). See docs/releases.md.")
    private double sourceShare;

    @Option(
            names = "--source-free-tokens",
            paramLabel = "N",
            defaultValue = "" + SourceCap.DEFAULT_FREE_TOKENS,
            description =
                    "Tokens of each source that count in a window whatever its share (default: ${DEFAULT-VALUE}).")
    private long sourceFreeTokens;

    @Option(
            names = "--source-window-seconds",
            paramLabel = "S",
            defaultValue = "30",
            description = "Length of that window (default: ${DEFAULT-VALUE}).")
    private double sourceWindowSeconds;

    @Option(
            names = "--over-share",
            paramLabel = "POLICY",
            defaultValue = "skip",
            description =
                    "What becomes of prompts of which their source has too many: skip passes over and counts them,"
                            + " reject sends them to the dead letters (default: ${DEFAULT-VALUE}).")
    private SourceCap.Excess overShare;

    @Mixin
    private final ComputeOptions compute = new ComputeOptions();

    @Mixin
    private final ProbeOptions probes = new ProbeOptions();

    @Override
    public Integer call() {
        StopSignal stop = StopSignal.install();
        MaxTokens.check(maxTokens);
        WorkerSettings settings = settings();
        ClusterSettings connected = cluster.connect();
        try (Checkpoint checkpoint = Checkpoint.open(model.directory());
                ProbeServer server = probes.start();
                InferenceWorker worker =
                        InferenceWorker.start(settings, connected, checkpoint, compute.model(), server.registry())) {
            server.readyWhen(worker::isReady);
            ServiceRun.await(worker.termination(), stop);
        }
        return ExitCode.DONE;
    }

    private WorkerSettings settings() {
        try {
            return new WorkerSettings(instance)
                    .withLimit(new PromptLimit(maxTokens, oversize))
                    .withSources(new SourceCap(
                            sourceShare,
                            sourceFreeTokens,
                            Duration.ofMillis((long) (1000 * sourceWindowSeconds)),
                            overShare))
                    .withFlush(new FlushPolicy(
                            flushTokens, flushPrompts, Duration.ofMillis((long) (1000 * flushSeconds))));
        } catch (IllegalArgumentException e) {
            throw new BadInputException(e.getMessage() + ".", e);
        }
    }
}
