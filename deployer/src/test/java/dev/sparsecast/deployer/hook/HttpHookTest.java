package dev.sparsecast.deployer.hook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HttpHookTest {
    private static final Switched SWITCHED = new Switched("python", 7, Path.of("/srv/state/python/versions/7"));
    private static final Duration LONG = Duration.ofMinutes(5);

    private final List<String> asked = new CopyOnWriteArrayList<>();
    private HttpServer server;
    private volatile int status = 204;

    @BeforeEach
    void startServer() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            asked.add(exchange.getRequestMethod() + " " + exchange.getRequestURI() + " " + body);
            exchange.sendResponseHeaders(status, -1);
            exchange.close();
        });
        server.start();
    }

    @AfterEach
    void stopServer() {
        server.stop(0);
    }

    @Test
    void tellsTheServerOfTheVersion() {
        new HttpHook(address() + "/load?model={submodel}-{version}&path={directory}", LONG).switched(SWITCHED);

        assertThat(asked)
                .containsExactly("POST /load?model=python-7&path=%2Fsrv%2Fstate%2Fpython%2Fversions%2F7"
                        + " {\"submodel\":\"python\",\"version\":7,\"directory\":\"/srv/state/python/versions/7\"}");
    }

    @ParameterizedTest
    @ValueSource(ints = {302, 404, 500})
    void objectsToAnyOtherAnswer(int answer) {
        status = answer;
        Hook hook = new HttpHook(address() + "/load", LONG);

        assertThatThrownBy(() -> hook.switched(SWITCHED))
                .isInstanceOf(HookException.class)
                .hasMessageContaining("answered with HTTP status " + answer);
    }

    @Test
    void objectsWhenNobodyAnswers() {
        String address = address();
        server.stop(0);
        Hook hook = new HttpHook(address, LONG);

        assertThatThrownBy(() -> hook.switched(SWITCHED))
                .isInstanceOf(HookException.class)
                .hasMessageContaining("did not answer");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "nonsense", "file:///etc/passwd", "http://", "http://a b/"})
    void needsAnAddress(String template) {
        assertThatThrownBy(() -> new HttpHook(template, LONG))
                .isInstanceOf(HookException.class)
                .hasMessageContaining("is no http or https address");
    }

    private String address() {
        return "http://" + server.getAddress().getHostString() + ":"
                + server.getAddress().getPort();
    }
}
