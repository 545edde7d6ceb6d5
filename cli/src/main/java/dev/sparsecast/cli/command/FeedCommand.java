package dev.sparsecast.cli.command;

import dev.sparsecast.cli.service.ProbeServer;
import dev.sparsecast.cli.service.ServiceRun;
import dev.sparsecast.cli.terminal.ExitCode;
import dev.sparsecast.cli.terminal.StopSignal;
import dev.sparsecast.feed.FeedSettings;
import dev.sparsecast.feed.ReleaseFeed;
import dev.sparsecast.feed.http.FeedHandler;
import dev.sparsecast.feed.webhook.WebhookSecret;
import dev.sparsecast.feed.webhook.WebhookSettings;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code sparsecast feed}: releases over HTTP. */
@Command(
        name = "feed",
        description = {
            "Tell of releases over HTTP, for those who do not speak Kafka: as a list, as server-sent events, as signed"
                    + " webhooks, with the artifacts.",
            "It is all below /api/v1/ on --http-port."
        })
final class FeedCommand implements Callable<Integer>, Service {
    @Mixin
    private final ClusterOptions cluster = new ClusterOptions();

    @Option(
            names = "--store",
            paramLabel = "URI",
            description = "Where the pruner puts artifacts, to give them out (default: none is given out).")
    private @Nullable String store;

    @ArgGroup(exclusive = false)
    private @Nullable WebhookOptions webhooks;

    @SuppressWarnings("NullAway.Init") // set by picocli
    private static final class WebhookOptions {
        @Option(
                names = "--webhook",
                required = true,
                arity = "1..*",
                paramLabel = "URL",
                description = "Addresses to POST every event to, each until it is answered with 2xx.")
        private List<String> addresses;

        @Option(
                names = "--webhook-secret",
                required = true,
                paramLabel = "FILE",
                description = "What the events are signed with: whsec_ and the base64 of 24 to 64 random bytes.")
        private Path secret;

        @Option(
                names = "--state",
                required = true,
                paramLabel = "DIR",
                description = "Directory for what each webhook took last.")
        private Path state;
    }

    @Mixin
    private final ProbeOptions probes = new ProbeOptions();

    @Override
    public Integer call() {
        StopSignal stop = StopSignal.install();
        FeedSettings settings = settings();
        ClusterSettings connected = cluster.connect();
        try (ProbeServer server = probes.start();
                ReleaseFeed feed = ReleaseFeed.start(settings, connected, server.registry())) {
            server.readyWhen(feed::isReady);
            server.handle(FeedHandler.PREFIX, feed.handler());
            ServiceRun.await(feed.termination(), stop);
        }
        return ExitCode.DONE;
    }

    private FeedSettings settings() {
        if (webhooks == null) {
            return new FeedSettings(Optional.ofNullable(store), Optional.empty(), List.of());
        }
        WebhookSecret secret = WebhookSecret.read(webhooks.secret);
        return new FeedSettings(
                Optional.ofNullable(store),
                Optional.of(webhooks.state),
                webhooks.addresses.stream()
                        .map(address -> WebhookSettings.of(address, secret))
                        .toList());
    }
}
