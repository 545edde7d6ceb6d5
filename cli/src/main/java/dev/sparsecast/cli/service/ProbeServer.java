package dev.sparsecast.cli.service;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import dev.sparsecast.cli.command.BadInputException;
import dev.sparsecast.streams.query.Answer;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.io.OutputStream;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executors;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/**
 * {@code /liveness}, {@code /ready} and {@code /metrics} of a service. Alive is 200 for as long as the process answers;
 * ready is 200 or 503.
 */
public final class ProbeServer implements AutoCloseable {
    private static final String TEXT = "text/plain; charset=utf-8";
    private static final String JSON = "application/json";
    private static final String PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";

    private final HttpServer server;
    private final PrometheusMeterRegistry registry;
    private final JvmGcMetrics gcMetrics = new JvmGcMetrics();
    private volatile BooleanSupplier ready = () -> false;

    private ProbeServer(HttpServer server) {
        this.server = server;
        this.registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        new JvmMemoryMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        gcMetrics.bindTo(registry);
        server.createContext("/liveness", exchange -> answer(exchange, 200, TEXT, "alive\n"));
        server.createContext("/ready", exchange -> {
            boolean isReady = ready.getAsBoolean();
            answer(exchange, isReady ? 200 : 503, TEXT, isReady ? "ready\n" : "not ready\n");
        });
        server.createContext("/metrics", exchange -> answer(exchange, 200, PROMETHEUS, registry.scrape()));
    }

    /**
     * Starts on a port of all addresses; 0 takes any free one.
     *
     * @throws BadInputException if the port is in use
     */
    public static ProbeServer start(int port) {
        try {
            HttpServer server = HttpServer.create(new InetSocketAddress(port), 0);
            // an instance that waits for another's answer must still be able to answer that one
            server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
            ProbeServer probes = new ProbeServer(server);
            server.start();
            return probes;
        } catch (BindException | IllegalArgumentException e) {
            throw new BadInputException(
                    "cannot listen on port " + port + ": " + e.getMessage() + "; choose another with --http-port.", e);
        } catch (IOException e) {
            throw new BadInputException("cannot listen on port " + port + ": " + e, e);
        }
    }

    /** Where the service registers its meters. */
    public PrometheusMeterRegistry registry() {
        return registry;
    }

    public int port() {
        return server.getAddress().getPort();
    }

    /** Tells when the service is ready. */
    public void readyWhen(BooleanSupplier condition) {
        ready = condition;
    }

    /**
     * Adds a command: a POST to {@code prefix + name}.
     *
     * @param action does it for the name, and returns what to answer; an exception of ours is answered with 404
     */
    public void onPost(String prefix, Function<String, String> action) {
        server.createContext(prefix, exchange -> {
            if (!exchange.getRequestMethod().equals("POST")) {
                answer(exchange, 405, TEXT, "use POST\n");
                return;
            }
            String name = exchange.getRequestURI().getPath().substring(prefix.length());
            try {
                answer(exchange, 202, TEXT, action.apply(name) + "\n");
            } catch (RuntimeException e) {
                answer(exchange, 404, TEXT, e.getMessage() + "\n");
            }
        });
    }

    /** Answers for everything below a path. */
    public interface Api {
        /** @param query the decoded query; empty if there is none */
        Answer get(String path, String query);
    }

    /** Adds an API: GET of all that begins with {@code prefix}. An answer of 503 tells to come back in a second. */
    public void onGet(String prefix, Api api) {
        server.createContext(prefix, exchange -> {
            if (!exchange.getRequestMethod().equals("GET")) {
                answer(exchange, 405, TEXT, "use GET\n");
                return;
            }
            String query = exchange.getRequestURI().getQuery();
            Answer answer = api.get(exchange.getRequestURI().getPath(), query == null ? "" : query);
            if (answer.isUnavailable()) {
                exchange.getResponseHeaders().set("Retry-After", "1");
            }
            answer(exchange, answer.status(), JSON, answer.json());
        });
    }

    /** Adds something of the service's own that answers all requests to paths that begin with {@code prefix}. */
    public void handle(String prefix, HttpHandler handler) {
        server.createContext(prefix, handler);
    }

    private static void answer(HttpExchange exchange, int status, String type, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", type);
        exchange.sendResponseHeaders(status, bytes.length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(bytes);
        }
    }

    @Override
    public void close() {
        server.stop(0);
        gcMetrics.close();
        registry.close();
    }
}
