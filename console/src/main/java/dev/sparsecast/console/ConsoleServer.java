package dev.sparsecast.console;

import dev.sparsecast.console.PageAssets.Asset;
import dev.sparsecast.console.feed.TopicFeed;
import dev.sparsecast.console.state.PipelineState;
import dev.sparsecast.console.view.GroupDetail;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import io.javalin.Javalin;
import io.javalin.config.JavalinConfig;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.HttpStatus;
import io.javalin.util.JavalinBindException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The console: a page at {@code /}, its data at {@code /api/state}, {@code /api/events} (server-sent events) and
 * {@code /api/groups/MODEL/LANGUAGE/DOMAIN}, and the probes {@code /ready} and {@code /liveness}. It only reads.
 */
public final class ConsoleServer implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ConsoleServer.class);
    private static final Map<String, String> HEADERS = Map.of(
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
                    + " base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            "X-Content-Type-Options",
            "nosniff",
            "Referrer-Policy",
            "no-referrer",
            "Cross-Origin-Resource-Policy",
            "same-origin",
            "Cache-Control",
            "no-cache");

    private final ConsoleSettings settings;
    private final PipelineState state;
    private final @Nullable TopicFeed feed;
    private final Json json = new Json();
    private final PageAssets assets = PageAssets.load();
    private final StateStream stream;
    private final Javalin server;

    private ConsoleServer(ConsoleSettings settings, PipelineState state, @Nullable TopicFeed feed) {
        this.settings = settings;
        this.state = state;
        this.feed = feed;
        this.stream = new StateStream(state, json, settings.updateInterval());
        this.server = Javalin.create(this::configure);
    }

    /**
     * Serves what the topics of a cluster say. A cluster that does not answer is waited for, and the page says so.
     *
     * @throws ConsoleException if the port is in use
     */
    public static ConsoleServer start(ConsoleSettings settings, ClusterSettings cluster) {
        PipelineState state = new PipelineState();
        TopicFeed feed = TopicFeed.start(cluster, state);
        try {
            return new ConsoleServer(settings, state, feed).listen();
        } catch (RuntimeException e) {
            feed.close();
            throw e;
        }
    }

    /**
     * Serves a state that somebody else feeds.
     *
     * @throws ConsoleException if the port is in use
     */
    public static ConsoleServer start(ConsoleSettings settings, PipelineState state) {
        return new ConsoleServer(settings, state, null).listen();
    }

    private ConsoleServer listen() {
        requireFree(settings);
        try {
            server.start(settings.host(), settings.port());
        } catch (JavalinBindException e) {
            throw cannotListen(settings, e);
        }
        stream.start();
        log.atInfo().addKeyValue("address", address()).log("The console is up");
        return this;
    }

    /** Tries the port first: the HTTP server would log the whole stack of a port in use. */
    private static void requireFree(ConsoleSettings settings) {
        try (ServerSocket probe = new ServerSocket()) {
            probe.setReuseAddress(true);
            probe.bind(new InetSocketAddress(settings.host(), settings.port()));
        } catch (IOException e) {
            throw cannotListen(settings, e);
        }
    }

    private static ConsoleException cannotListen(ConsoleSettings settings, Exception cause) {
        return new ConsoleException(
                "Port " + settings.port() + " of " + settings.host()
                        + " cannot be listened on: it is in use or not allowed; stop what uses it or choose another with"
                        + " --http-port.",
                cause);
    }

    /** The page's address. */
    public URI address() {
        String host = settings.host().contains(":") ? "[" + settings.host() + "]" : settings.host();
        return URI.create("http://" + host + ":" + server.port() + "/");
    }

    public int port() {
        return server.port();
    }

    /** What is shown. */
    public PipelineState state() {
        return state;
    }

    private void configure(JavalinConfig config) {
        config.startup.showJavalinBanner = false;
        config.startup.showOldJavalinVersionWarning = false;
        RoutesConfig routes = config.routes;
        routes.before(context -> HEADERS.forEach(context::header));
        assets.paths().forEach(path -> routes.get(path, this::asset));
        routes.get("/api/state", context -> answer(context, state.view()));
        routes.get("/api/groups/{model}/{language}/{domain}", this::group);
        routes.sse("/api/events", client -> {
            if (!stream.add(client)) {
                client.ctx().status(HttpStatus.SERVICE_UNAVAILABLE);
            }
        });
        routes.get("/ready", context -> probe(context, state.isReady()));
        routes.get("/liveness", context -> probe(context, feed == null || feed.isAlive()));
        routes.error(
                404,
                context -> context.contentType("text/plain; charset=utf-8")
                        .result("There is nothing at " + context.path() + ".\n"));
    }

    private void asset(Context context) {
        Asset asset = assets.find(context.path()).orElseThrow();
        context.header("ETag", asset.tag());
        if (asset.tag().equals(context.header("If-None-Match"))) {
            context.status(HttpStatus.NOT_MODIFIED);
            return;
        }
        context.contentType(asset.type()).result(asset.content());
    }

    private void group(Context context) {
        try {
            Optional<GroupDetail> detail =
                    state.group(context.pathParam("model"), context.pathParam("language"), context.pathParam("domain"));
            if (detail.isPresent()) {
                answer(context, detail.get());
                return;
            }
        } catch (IllegalArgumentException e) {
            // No group can have such a name: there is none.
        }
        context.status(HttpStatus.NOT_FOUND);
    }

    private void answer(Context context, Object view) {
        context.contentType("application/json").result(json.bytes(view));
    }

    private static void probe(Context context, boolean good) {
        context.status(good ? HttpStatus.OK : HttpStatus.SERVICE_UNAVAILABLE)
                .contentType("text/plain; charset=utf-8")
                .result(good ? "ok\n" : "not yet\n");
    }

    /** Stops reading and serving. */
    @Override
    public void close() {
        stream.close();
        server.stop();
        if (feed != null) {
            feed.close();
        }
    }
}
