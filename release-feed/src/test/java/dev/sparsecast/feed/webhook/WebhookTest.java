package dev.sparsecast.feed.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.sparsecast.feed.FeedException;
import dev.sparsecast.feed.SampleEvents;
import dev.sparsecast.feed.event.EventLog;
import dev.sparsecast.feed.event.ReleaseEvent;
import dev.sparsecast.schemas.signing.SigningKey;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With a real receiver, which knows nothing but the secret. */
class WebhookTest {
    private static final byte[] SECRET = "a secret of thirty-two bytes....".getBytes(StandardCharsets.UTF_8);

    @TempDir
    Path directory;

    /** What the receiver was sent, and what it answered. */
    private record Request(String id, String timestamp, String signature, String body, int status) {}

    private final BlockingQueue<Request> requests = new LinkedBlockingQueue<>();
    private final AtomicInteger failures = new AtomicInteger();
    private final SigningKey key = SigningKey.generate();
    private final EventLog log = SampleEvents.log(3);
    private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
    private HttpServer receiver;

    @BeforeEach
    void startReceiver() throws IOException {
        receiver = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        receiver.createContext("/hook", exchange -> {
            String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            int status = failures.getAndUpdate(left -> Math.max(0, left - 1)) > 0 ? 500 : 204;
            exchange.sendResponseHeaders(status, -1);
            exchange.close();
            requests.add(new Request(
                    exchange.getRequestHeaders().getFirst("webhook-id"),
                    exchange.getRequestHeaders().getFirst("webhook-timestamp"),
                    exchange.getRequestHeaders().getFirst("webhook-signature"),
                    body,
                    status));
        });
        receiver.start();
    }

    @AfterEach
    void stopReceiver() {
        receiver.stop(0);
    }

    private WebhookSettings settings() {
        return new WebhookSettings(
                URI.create("http://127.0.0.1:" + receiver.getAddress().getPort() + "/hook"),
                WebhookSecret.parse("whsec_" + Base64.getEncoder().encodeToString(SECRET)),
                Duration.ofMillis(5),
                Duration.ofMillis(20),
                Duration.ofSeconds(30));
    }

    private Webhook start(Delivered delivered) {
        Webhook webhook = new Webhook(settings(), log, delivered, metrics);
        webhook.start();
        return webhook;
    }

    private ReleaseEvent add(int version) {
        return SampleEvents.add(log, SampleEvents.release(key, "python", version));
    }

    private Request next() throws InterruptedException {
        Request request = requests.poll(60, TimeUnit.SECONDS);
        assertThat(request).as("a request").isNotNull();
        return request;
    }

    @Test
    void sendsEventsThatTheReceiverCanVerify() throws Exception {
        ReleaseEvent event = add(1);
        try (Delivered delivered = Delivered.open(directory);
                Webhook webhook = start(delivered)) {
            Request request = next();

            assertThat(request.id()).isEqualTo(event.id().toString());
            assertThat(request.body()).isEqualTo(event.json());
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(SECRET, "HmacSHA256"));
            byte[] expected = mac.doFinal(
                    (request.id() + "." + request.timestamp() + "." + request.body()).getBytes(StandardCharsets.UTF_8));
            assertThat(request.signature())
                    .isEqualTo("v1," + Base64.getEncoder().encodeToString(expected));
        }
    }

    @Test
    void signsAsTheSpecificationSays() {
        // the example of the Standard Webhooks specification
        WebhookSecret secret = WebhookSecret.parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        byte[] body = "{\"test\": 2432232314}".getBytes(StandardCharsets.UTF_8);

        assertThat(secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body))
                .isEqualTo("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    @Test
    void triesAgainUnderTheSameIdUntilItIsTakenAndKeepsTheOrder() throws Exception {
        failures.set(3);
        ReleaseEvent first = add(1);
        ReleaseEvent second = add(2);
        try (Delivered delivered = Delivered.open(directory);
                Webhook webhook = start(delivered)) {
            List<String> ids = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                ids.add(next().id());
            }
            String id = first.id().toString();
            assertThat(ids).containsExactly(id, id, id, id, second.id().toString());
        }
        assertThat(metrics.get("sparsecast.feed.webhook.attempts")
                        .tag("outcome", "failed")
                        .counter()
                        .count())
                .isEqualTo(3);
    }

    @Test
    void goesOnAfterARestartWithWhatWasNotTaken() throws Exception {
        ReleaseEvent first = add(1);
        try (Delivered delivered = Delivered.open(directory);
                Webhook webhook = start(delivered)) {
            assertThat(next().id()).isEqualTo(first.id().toString());
            ReleaseEvent second = add(2);
            assertThat(next().id()).isEqualTo(second.id().toString());
            Awaitility.await().until(() -> delivered.last(settings().address()).equals(Optional.of(second.id())));
        }
        failures.set(Integer.MAX_VALUE);
        ReleaseEvent third = add(3);
        try (Delivered delivered = Delivered.open(directory);
                Webhook webhook = start(delivered)) {
            Request request = next();
            assertThat(request.id()).isEqualTo(third.id().toString());
            assertThat(request.status()).isEqualTo(500);
        }
        failures.set(0);
        requests.clear();
        try (Delivered delivered = Delivered.open(directory);
                Webhook webhook = start(delivered)) {
            Request request = next();
            assertThat(request.id()).isEqualTo(third.id().toString());
            assertThat(request.status()).isEqualTo(204);
        }
    }

    @Test
    void refusesASecondFeedOfTheSameState() {
        try (Delivered delivered = Delivered.open(directory)) {
            assertThat(delivered.last(settings().address())).isEmpty();
            assertThatThrownBy(() -> Delivered.open(directory))
                    .isInstanceOf(FeedException.class)
                    .hasMessageContaining("in use by another feed");
        }
        Delivered.open(directory).close();
    }

    @Test
    void saysWhatCannotBeUsed() throws IOException {
        Path file = Files.writeString(directory.resolve("secret"), "whsec_c2hvcnQ=\n");
        assertThatThrownBy(() -> WebhookSecret.read(file))
                .isInstanceOf(FeedException.class)
                .hasMessageContaining("the secret in " + file + " is not whsec_");
        assertThatThrownBy(() -> WebhookSecret.parse("whsec_?")).isInstanceOf(FeedException.class);
        assertThatThrownBy(() -> WebhookSecret.read(directory.resolve("absent")))
                .hasMessageContaining("cannot read");
        assertThatThrownBy(() -> WebhookSettings.of("ftp://x/", settings().secret()))
                .hasMessage("the webhook 'ftp://x/' is no http or https address");
        assertThatThrownBy(() -> WebhookSettings.of("http://a b/", settings().secret()))
                .hasMessageContaining("is no http or https address");
    }
}
