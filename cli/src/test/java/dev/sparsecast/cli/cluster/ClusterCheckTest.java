package dev.sparsecast.cli.cluster;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import org.junit.jupiter.api.Test;

class ClusterCheckTest {
    @Test
    void saysThatNoBrokerAnswers() throws Exception {
        int port = unusedPort();

        assertThatThrownBy(() -> ClusterCheck.requireBroker(new ClusterSettings("127.0.0.1:" + port, "")))
                .isInstanceOf(ClusterUnavailableException.class)
                .hasMessageContaining("127.0.0.1:" + port);
    }

    @Test
    void saysThatAnAddressIsNone() {
        assertThatThrownBy(() -> ClusterCheck.requireBroker(new ClusterSettings("localhost", "")))
                .isInstanceOf(ClusterConfigurationException.class)
                .hasMessageContaining("'localhost'");
    }

    @Test
    void saysThatNoRegistryAnswers() throws Exception {
        String url = "http://127.0.0.1:" + unusedPort();

        assertThatThrownBy(() -> ClusterCheck.requireRegistry(url))
                .isInstanceOf(ClusterUnavailableException.class)
                .hasMessageContaining(url);
    }

    @Test
    void saysThatSomethingElseAnswers() throws Exception {
        assertThatThrownBy(() -> checkAgainst(404))
                .isInstanceOf(ClusterUnavailableException.class)
                .hasMessageContaining("404");
    }

    @Test
    void takesARegistryThatWantsAPasswordForOne() {
        assertThatCode(() -> checkAgainst(401)).doesNotThrowAnyException();
    }

    private static void checkAgainst(int status) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            exchange.sendResponseHeaders(status, -1);
            exchange.close();
        });
        server.start();
        try {
            ClusterCheck.requireRegistry(
                    "http://127.0.0.1:" + server.getAddress().getPort());
        } finally {
            server.stop(0);
        }
    }

    private static int unusedPort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
