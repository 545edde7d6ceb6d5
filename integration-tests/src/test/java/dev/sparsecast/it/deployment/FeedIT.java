package dev.sparsecast.it.deployment;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.sparsecast.feed.FeedSettings;
import dev.sparsecast.feed.ReleaseFeed;
import dev.sparsecast.feed.http.FeedHandler;
import dev.sparsecast.feed.webhook.WebhookSecret;
import dev.sparsecast.feed.webhook.WebhookSettings;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.time.Duration;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Clients and receivers that know HTTP and the pruner's public key, on a real broker. */
@Timeout(300)
class FeedIT {
    private static final WebhookSecret SECRET =
            WebhookSecret.parse("whsec_" + Base64.getEncoder().encodeToString(new byte[32]));

    @TempDir
    Path directory;

    private final HttpClient client = HttpClient.newHttpClient();
    private final BlockingQueue<String> delivered = new LinkedBlockingQueue<>();
    private final AtomicInteger failures = new AtomicInteger();
    private ReleaseBoard board;
    private HttpServer receiver;

    @BeforeEach
    void openBoard() throws Exception {
        board = ReleaseBoard.open(directory, "feed-it");
        receiver = server();
        receiver.createContext("/", exchange -> {
            String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            boolean fails = failures.getAndDecrement() > 0;
            exchange.sendResponseHeaders(fails ? 503 : 200, -1);
            exchange.close();
            delivered.add((fails ? "failed " : "taken ")
                    + JsonMapper.shared().readTree(body).get("version").asInt());
        });
        receiver.start();
    }

    @AfterEach
    void closeBoard() {
        client.close();
        receiver.stop(0);
        board.close();
    }

    private static HttpServer server() throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        return server;
    }

    /** A feed and the server that it answers on. */
    private final class Running implements AutoCloseable {
        private final ReleaseFeed feed;
        private final HttpServer server = server();

        Running() throws IOException {
            URI address = URI.create("http://127.0.0.1:" + receiver.getAddress().getPort() + "/");
            WebhookSettings webhook = new WebhookSettings(
                    address, SECRET, Duration.ofMillis(50), Duration.ofMillis(200), Duration.ofSeconds(30));
            feed = ReleaseFeed.start(
                    new FeedSettings(
                            Optional.of(board.world.storeDirectory.toString()),
                            Optional.of(directory.resolve("feed")),
                            List.of(webhook)),
                    board.cluster,
                    new SimpleMeterRegistry());
            server.createContext(FeedHandler.PREFIX, feed.handler());
            server.start();
            Awaitility.await().atMost(Duration.ofMinutes(2)).until(feed::isReady);
        }

        HttpRequest.Builder request(String path) {
            return HttpRequest.newBuilder(
                    URI.create("http://127.0.0.1:" + server.getAddress().getPort() + FeedHandler.PREFIX + path));
        }

        @Override
        public void close() {
            feed.close();
            server.stop(0);
        }
    }

    private JsonNode nextEvent(BufferedReader stream) throws IOException {
        String line = stream.readLine();
        while (line != null && !line.startsWith("data: ")) {
            line = stream.readLine();
        }
        assertThat(line).as("an event").isNotNull();
        return JsonMapper.shared().readTree(line.substring("data: ".length()));
    }

    private BufferedReader stream(HttpRequest request) throws Exception {
        InputStream body =
                client.send(request, HttpResponse.BodyHandlers.ofInputStream()).body();
        return new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8));
    }

    private String nextDelivery() throws InterruptedException {
        return String.valueOf(delivered.poll(2, TimeUnit.MINUTES));
    }

    @Test
    void clientsResumeVerifyAndFetchForThemselves() throws Exception {
        board.announce(board.release(1, 1));
        try (Running running = new Running()) {
            String last;
            try (BufferedReader stream = stream(running.request("events").build())) {
                assertThat(nextEvent(stream).get("version").asInt()).isEqualTo(1);
                board.announce(board.release(2, 1));
                JsonNode event = nextEvent(stream);
                assertThat(event.get("version").asInt()).isEqualTo(2);
                last = event.get("id").asString();
            }
            board.announce(board.release(3, 1));
            try (BufferedReader stream = stream(
                    running.request("events").header("Last-Event-ID", last).build())) {
                JsonNode event = nextEvent(stream);
                assertThat(event.get("version").asInt()).isEqualTo(3);
                JsonNode manifest = verified(event);

                JsonNode artifact = manifest.get("artifacts").get(0);
                byte[] bytes = client.send(
                                running.request("artifacts/"
                                                + artifact.get("uri").asString())
                                        .build(),
                                HttpResponse.BodyHandlers.ofByteArray())
                        .body();
                assertThat(HexFormat.of()
                                .formatHex(MessageDigest.getInstance("SHA-256").digest(bytes)))
                        .isEqualTo(artifact.get("sha256").asString());
            }
        }
    }

    /** With the public key in its file and nothing of ours. */
    private JsonNode verified(JsonNode event) throws Exception {
        String pem = Files.readString(directory.resolve("pruner.pub")).replaceAll("-----[A-Z ]+-----", "");
        Signature verifier = Signature.getInstance("Ed25519");
        verifier.initVerify(KeyFactory.getInstance("Ed25519")
                .generatePublic(new X509EncodedKeySpec(Base64.getMimeDecoder().decode(pem))));
        verifier.update(event.get("manifest").asString().getBytes(StandardCharsets.UTF_8));
        assertThat(verifier.verify(
                        HexFormat.of().parseHex(event.get("signature").asString())))
                .isTrue();
        return JsonMapper.shared().readTree(event.get("manifest").asString());
    }

    @Test
    void webhooksAreToldEveryReleaseThoughReceiverAndFeedFail() throws Exception {
        failures.set(2);
        board.announce(board.release(1, 1));
        try (Running running = new Running()) {
            assertThat(List.of(nextDelivery(), nextDelivery(), nextDelivery()))
                    .containsExactly("failed 1", "failed 1", "taken 1");
            board.announce(board.release(2, 1));
            assertThat(nextDelivery()).isEqualTo("taken 2");
            failures.set(Integer.MAX_VALUE);
            board.announce(board.release(3, 1));
            assertThat(nextDelivery()).isEqualTo("failed 3");
            assertThat(running.feed.termination()).isNotDone();
        }
        failures.set(0);
        delivered.clear();
        board.announce(board.release(4, 1));
        try (Running running = new Running()) {
            assertThat(List.of(nextDelivery(), nextDelivery())).containsExactly("taken 3", "taken 4");
            assertThat(running.feed.isReady()).isTrue();
        }
    }
}
