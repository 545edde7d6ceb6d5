package dev.sparsecast.deployer.hook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HttpProbeTest {
    private static final Switched SWITCHED = new Switched("python", 7, Path.of("/srv/state/python/versions/7"));

    private final AtomicInteger asked = new AtomicInteger();
    private HttpServer server;
    private volatile int wellAfter;

    @BeforeEach
    void startServer() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/health", exchange -> {
            exchange.sendResponseHeaders(asked.incrementAndGet() > wellAfter ? 200 : 503, -1);
            exchange.close();
        });
        server.start();
    }

    @AfterEach
    void stopServer() {
        server.stop(0);
    }

    private String address() {
        return "http://127.0.0.1:" + server.getAddress().getPort() + "/health";
    }

    @Test
    void waitsUntilTheServerIsWell() {
        wellAfter = 2;

        new HttpProbe(address(), Duration.ofMinutes(1)).switched(SWITCHED);

        assertThat(asked).hasValue(3);
    }

    @Test
    void objectsWhenItDoesNotBecomeWell() {
        wellAfter = Integer.MAX_VALUE;

        assertThatThrownBy(() -> new HttpProbe(address(), Duration.ofMillis(1)).switched(SWITCHED))
                .isInstanceOf(HookException.class)
                .hasMessageContaining("unwell for 1 ms: it answered with HTTP status 503");
    }

    @Test
    void objectsWhenNobodyAnswers() {
        server.stop(0);

        assertThatThrownBy(() -> new HttpProbe(address(), Duration.ofMillis(1)).switched(SWITCHED))
                .isInstanceOf(HookException.class)
                .hasMessageContaining("it did not answer");
    }
}
