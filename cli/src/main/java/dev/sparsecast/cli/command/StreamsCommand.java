package dev.sparsecast.cli.command;

import dev.sparsecast.cli.service.ProbeServer;
import dev.sparsecast.cli.service.ServiceRun;
import dev.sparsecast.cli.terminal.ExitCode;
import dev.sparsecast.cli.terminal.StopSignal;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.streams.InstanceSettings;
import dev.sparsecast.streams.StreamsApplication;
import dev.sparsecast.streams.StreamsSettings;
import dev.sparsecast.streams.drift.DriftSettings;
import dev.sparsecast.streams.query.StatisticsApi;
import dev.sparsecast.streams.statistics.EpochSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code sparsecast streams}: activation norms to running statistics and drift. */
@Command(
        name = "streams",
        description = {
            "Keep running statistics and drift per language and domain.",
            "The HTTP port answers questions about them, see /api/v1/openapi.json there."
        },
        subcommands = {StreamsResetCommand.class, StreamsCleanCommand.class})
@SuppressWarnings("NullAway.Init") // set by picocli
final class StreamsCommand implements Callable<Integer>, Service {
    @Mixin
    private final ClusterOptions cluster = new ClusterOptions();

    @Option(
            names = "--state",
            paramLabel = "DIR",
            description = "Directory of the state stores (required); what is lost is restored from the changelogs.")
    private @Nullable Path state;

    @Option(
            names = "--instance",
            paramLabel = "NAME",
            defaultValue = "streams-0",
            description = "Name of this instance, unique and the same after a restart (default: ${DEFAULT-VALUE}).")
    private String instance;

    @Option(
            names = "--threads",
            paramLabel = "N",
            defaultValue = "1",
            description = "Stream threads (default: ${DEFAULT-VALUE}).")
    private int threads;

    @Option(
            names = "--epoch-seconds",
            paramLabel = "S",
            defaultValue = "30",
            description = "Length of an epoch (default: ${DEFAULT-VALUE}).")
    private double epochSeconds;

    @Option(
            names = "--half-life-tokens",
            paramLabel = "N",
            defaultValue = "2000000",
            description = "Tokens after which a flush weighs half (default: ${DEFAULT-VALUE}).")
    private double halfLifeTokens;

    @Option(
            names = "--drift-window-tokens",
            paramLabel = "N",
            defaultValue = "100000",
            description = "Tokens of the window whose drift is measured (default: ${DEFAULT-VALUE}).")
    private long driftWindowTokens;

    @Option(
            names = "--advertised-host",
            paramLabel = "HOST",
            defaultValue = "localhost",
            description = "Where the other instances reach this one's HTTP port (default: ${DEFAULT-VALUE}).")
    private String advertisedHost;

    @Mixin
    private final ProbeOptions probes = new ProbeOptions();

    @Override
    public Integer call() {
        StopSignal stop = StopSignal.install();
        StreamsSettings settings = settings();
        InstanceSettings instanceSettings = instanceSettings();
        ClusterSettings connected = cluster.connect();
        try (ProbeServer server = probes.start();
                StreamsApplication streams = StreamsApplication.start(
                        settings,
                        instanceSettings.withAddress(advertisedHost + ":" + server.port()),
                        connected,
                        server.registry())) {
            server.readyWhen(streams::isReady);
            server.onGet(StatisticsApi.PREFIX, streams.api()::get);
            ServiceRun.await(streams.termination(), stop);
        }
        return ExitCode.DONE;
    }

    private InstanceSettings instanceSettings() {
        if (state == null) {
            throw new BadInputException("Missing required option '--state=DIR'.");
        }
        try {
            return InstanceSettings.of(state, instance).withThreads(threads).withCommitInterval(commitInterval());
        } catch (IllegalArgumentException e) {
            throw new BadInputException(e.getMessage() + ".", e);
        }
    }

    /**
     * A third of an epoch, at most 10 s: what was published is seen by so much later, and sums that take in many flushes
     * meanwhile are written once.
     */
    private Duration commitInterval() {
        return Duration.ofMillis(Math.clamp((long) (1000 * epochSeconds / 3), 100, 10_000));
    }

    private StreamsSettings settings() {
        try {
            EpochSettings defaults = EpochSettings.defaults();
            Duration length = Duration.ofMillis((long) (1000 * epochSeconds));
            // short epochs are for trying things: what waits for them should not take longer than they do
            Duration grace = min(defaults.grace(), length);
            EpochSettings epochs = new EpochSettings(
                    length, grace, min(defaults.idleGrace(), length.plus(grace)), defaults.sealAfter(), halfLifeTokens);
            DriftSettings drift = DriftSettings.defaults();
            return new StreamsSettings(
                    epochs,
                    new DriftSettings(
                            driftWindowTokens,
                            drift.windowParts(),
                            drift.learningParts(),
                            drift.factor(),
                            drift.exitFactor(),
                            drift.minimumEffect(),
                            drift.consecutive(),
                            drift.keptSnapshots()));
        } catch (IllegalArgumentException e) {
            throw new BadInputException(e.getMessage() + ".", e);
        }
    }

    private static Duration min(Duration a, Duration b) {
        return a.compareTo(b) <= 0 ? a : b;
    }
}
