package dev.sparsecast.checkpoint.hub;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A hub on this machine with one model, {@code org/tiny}, at one commit. Safetensors files are large ones: they have a
 * SHA-256 and come from a second server, to which the hub redirects. What goes wrong is set by the test.
 */
final class FakeHub implements AutoCloseable {
    static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

    /** What was asked for: {@code hub} or {@code storage}, method, path. */
    record Request(String server, String method, String path, Optional<String> range, Optional<String> token) {
        String line() {
            return server + " " + method + " " + path;
        }
    }

    /** Does something else than the right thing to a request for a path that it applies to. */
    interface Fault {
        /** Whether the request is dealt with. */
        boolean handle(Request request, HttpExchange exchange) throws IOException;
    }

    final Map<String, byte[]> files = new TreeMap<>();
    final List<Request> requests = new CopyOnWriteArrayList<>();
    final List<String> alsoListed = new CopyOnWriteArrayList<>();
    final ConcurrentLinkedQueue<Fault> faults = new ConcurrentLinkedQueue<>();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final HttpServer hub = server("hub");
    private final HttpServer storage = server("storage");

    /** A hub that serves the files of a directory. */
    static FakeHub of(Path model) {
        FakeHub hub = new FakeHub();
        try (Stream<Path> entries = Files.list(model)) {
            for (Path entry : entries.toList()) {
                hub.files.put(entry.getFileName().toString(), Files.readAllBytes(entry));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return hub;
    }

    HubSettings settings(Path cache) {
        return new HubSettings(
                URI.create("http://" + authority(hub)),
                cache,
                Optional.of("secret"),
                false,
                Duration.ofSeconds(20),
                Duration.ofMillis(1));
    }

    private HttpServer server(String name) {
        try {
            HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            server.setExecutor(threads);
            server.createContext("/", exchange -> handle(name, exchange));
            server.start();
            return server;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String authority(HttpServer server) {
        return server.getAddress().getHostString() + ":" + server.getAddress().getPort();
    }

    private void handle(String server, HttpExchange exchange) throws IOException {
        try (exchange) {
            Request request = new Request(
                    server,
                    exchange.getRequestMethod(),
                    exchange.getRequestURI().getRawPath(),
                    Optional.ofNullable(exchange.getRequestHeaders().getFirst("Range")),
                    Optional.ofNullable(exchange.getRequestHeaders().getFirst("Authorization")));
            requests.add(request);
            for (Fault fault : faults) {
                if (fault.handle(request, exchange)) {
                    return;
                }
            }
            answer(request, exchange);
        }
    }

    private void answer(Request request, HttpExchange exchange) throws IOException {
        String file = request.path().substring(request.path().lastIndexOf('/') + 1);
        byte[] content = files.get(file);
        if (request.path().startsWith("/api/models/org/tiny/revision/")) {
            send(exchange, 200, listing().getBytes(StandardCharsets.UTF_8));
        } else if (content == null || !request.path().contains(COMMIT)) {
            exchange.getResponseHeaders().set("X-Error-Code", "EntryNotFound");
            send(exchange, 404, new byte[0]);
        } else if (request.server().equals("hub")) {
            resolve(exchange, file, content);
        } else {
            sendRange(request, exchange, content);
        }
    }

    private void resolve(HttpExchange exchange, String file, byte[] content) throws IOException {
        if (isLarge(file)) {
            exchange.getResponseHeaders().set("X-Linked-Etag", "\"" + digest(file) + "\"");
            exchange.getResponseHeaders().set("X-Linked-Size", "" + content.length);
            exchange.getResponseHeaders()
                    .set("Location", "http://" + authority(storage) + "/blobs/" + COMMIT + "/" + file);
            send(exchange, 302, "moved".getBytes(StandardCharsets.UTF_8));
        } else {
            exchange.getResponseHeaders().set("ETag", "W/\"" + digest(file) + "\"");
            send(exchange, 200, content);
        }
    }

    static void sendRange(Request request, HttpExchange exchange, byte[] content) throws IOException {
        int from = request.range()
                .map(range -> Integer.parseInt(range.replaceAll("bytes=([0-9]+)-", "$1")))
                .orElse(0);
        if (from == 0) {
            send(exchange, 200, content);
        } else {
            exchange.getResponseHeaders()
                    .set("Content-Range", "bytes " + from + "-" + (content.length - 1) + "/" + content.length);
            send(exchange, 206, Arrays.copyOfRange(content, from, content.length));
        }
    }

    static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
        if (exchange.getRequestMethod().equals("HEAD")) {
            exchange.getResponseHeaders().set("Content-Length", "" + body.length);
            exchange.sendResponseHeaders(status, -1);
            return;
        }
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(body);
        }
    }

    private String listing() {
        String siblings = Stream.concat(files.keySet().stream(), alsoListed.stream())
                .map(name -> "{\"rfilename\":\"" + name + "\"}")
                .collect(Collectors.joining(","));
        return "{\"sha\":\"" + COMMIT + "\",\"siblings\":[" + siblings + "]}";
    }

    static boolean isLarge(String file) {
        return file.endsWith(".safetensors");
    }

    /** The digest that names the blob of a file. */
    String digest(String file) {
        byte[] content = files.get(file);
        try {
            MessageDigest digest = MessageDigest.getInstance(isLarge(file) ? "SHA-256" : "SHA-1");
            if (!isLarge(file)) {
                digest.update(("blob " + content.length + "\0").getBytes(StandardCharsets.UTF_8));
            }
            return HexFormat.of().formatHex(digest.digest(content));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        hub.stop(0);
        storage.stop(0);
        threads.close();
    }
}
