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

/** The example script, against a server that notes what it is asked. */
class VllmExampleTest {
    private static final Switched SWITCHED = new Switched("python", 7, Path.of("/srv/state/python/versions/7"));

    private final List<String> asked = new CopyOnWriteArrayList<>();
    private HttpServer server;
    private volatile String failing = "";

    @BeforeEach
    void startServer() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            String what = (exchange.getRequestMethod() + " " + exchange.getRequestURI() + " " + body).strip();
            asked.add(what);
            exchange.sendResponseHeaders(!failing.isEmpty() && what.contains(failing) ? 500 : 200, -1);
            exchange.close();
        });
        server.start();
    }

    @AfterEach
    void stopServer() {
        server.stop(0);
    }

    private Hook hook() {
        return new CommandHook(
                List.of(
                        "env",
                        "VLLM_URL=http://127.0.0.1:" + server.getAddress().getPort(),
                        Path.of("examples/vllm-reload.sh").toAbsolutePath().toString()),
                Duration.ofMinutes(1));
    }

    @Test
    void letsTheServerReadItsWeightsAnew() {
        hook().switched(SWITCHED);

        assertThat(asked)
                .containsExactly(
                        "POST /sleep?level=2",
                        "POST /wake_up?tags=weights",
                        "POST /collective_rpc {\"method\": \"reload_weights\"}",
                        "POST /wake_up?tags=kv_cache",
                        "POST /reset_prefix_cache");
    }

    @Test
    void objectsWhenTheServerCannotReadThem() {
        failing = "reload_weights";

        assertThatThrownBy(() -> hook().switched(SWITCHED))
                .isInstanceOf(HookException.class)
                .hasMessageContaining("ended with exit code 22")
                .hasMessageContaining("reloading python version 7");
        assertThat(asked).hasSize(3);
    }
}
