package dev.sparsecast.cli.cluster;

import dev.sparsecast.schemas.cluster.ClusterSettings;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import javax.net.ssl.SSLException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;

/** Asks broker and registry for a sign of life before a command begins, so that it ends at once with a sentence and not in retries. */
public final class ClusterCheck {
    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(3);
    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(6);
    private static final int HTTP_NOT_FOUND = 404;
    private static final int HTTP_SERVER_ERROR = 500;

    private ClusterCheck() {}

    /**
     * Returns once both answer.
     *
     * @throws ClusterUnavailableException if one does not
     * @throws ClusterConfigurationException if an address is none
     */
    public static void require(ClusterSettings cluster) {
        requireBroker(cluster);
        requireRegistry(cluster.schemaRegistryUrl());
    }

    /** Returns once a broker answers. */
    public static void requireBroker(ClusterSettings cluster) {
        List<InetSocketAddress> addresses = addresses(cluster.bootstrapServers());
        // A plain connection first: Kafka's client would retry and log for as long as it is allowed to.
        List<String> refused = new ArrayList<>();
        for (InetSocketAddress address : addresses) {
            try (Socket socket = new Socket()) {
                socket.connect(address, Math.toIntExact(CONNECT_LIMIT.toMillis() / addresses.size()));
                describe(cluster);
                return;
            } catch (IOException e) {
                refused.add(address.getHostString() + ":" + address.getPort() + " (" + reason(e, address) + ")");
            }
        }
        throw new ClusterUnavailableException("No Kafka broker answers at " + String.join(", ", refused)
                + "; start it or correct --bootstrap-servers.");
    }

    private static String reason(IOException e, InetSocketAddress address) {
        return address.isUnresolved() ? "unknown host" : String.valueOf(e.getMessage());
    }

    private static List<InetSocketAddress> addresses(String bootstrapServers) {
        List<InetSocketAddress> addresses = new ArrayList<>();
        for (String server : bootstrapServers.split(",", -1)) {
            int colon = server.lastIndexOf(':');
            try {
                String host = server.substring(0, colon)
                        .strip()
                        .replaceAll("^.*://", "")
                        .replaceAll("^\\[(.*)]$", "$1");
                addresses.add(new InetSocketAddress(
                        host, Integer.parseInt(server.substring(colon + 1).strip())));
            } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
                throw new ClusterConfigurationException(
                        "'" + server.strip() + "' in --bootstrap-servers is not host:port; separate several by commas.",
                        e);
            }
        }
        return addresses;
    }

    private static void describe(ClusterSettings cluster) {
        Map<String, Object> settings = new HashMap<>(cluster.client(Map.of()));
        settings.put("default.api.timeout.ms", Math.toIntExact(ANSWER_LIMIT.toMillis()));
        settings.put("request.timeout.ms", Math.toIntExact(ANSWER_LIMIT.toMillis()));
        try (Admin admin = Admin.create(settings)) {
            admin.describeCluster().clusterId().get();
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new ClusterUnavailableException(
                    "The Kafka broker at " + cluster.bootstrapServers() + " does not answer (" + cause.getMessage()
                            + "); check that it is a Kafka broker and that the security settings fit it.",
                    e);
        } catch (KafkaException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new ClusterConfigurationException(
                    "The Kafka settings cannot be used: " + cause.getMessage() + "; correct them.", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ClusterUnavailableException("Interrupted while waiting for the Kafka broker.", e);
        }
    }

    /** Returns once a registry answers; several URLs are separated by commas, and one is enough. */
    public static void requireRegistry(String urls) {
        List<String> problems = new ArrayList<>();
        for (String url : urls.split(",", -1)) {
            String problem = url.startsWith("mock://") ? "" : registryProblem(url.strip());
            if (problem.isEmpty()) {
                return;
            }
            problems.add(problem);
        }
        throw new ClusterUnavailableException(
                String.join("; ", problems) + "; start the registry or correct --schema-registry-url.");
    }

    private static String registryProblem(String url) {
        try (HttpClient client =
                HttpClient.newBuilder().connectTimeout(CONNECT_LIMIT).build()) {
            HttpRequest request = HttpRequest.newBuilder(URI.create(url.replaceAll("/+$", "") + "/subjects"))
                    .timeout(ANSWER_LIMIT)
                    .build();
            int status =
                    client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
            return status == HTTP_NOT_FOUND || status >= HTTP_SERVER_ERROR
                    ? "No schema registry at " + url + " (HTTP status " + status + " for /subjects)"
                    : "";
        } catch (IllegalArgumentException e) {
            throw new ClusterConfigurationException(
                    "'" + url + "' in --schema-registry-url is not an http or https URL.", e);
        } catch (SSLException e) {
            // Something answers, with a certificate that only the registry client's own settings may know.
            return "";
        } catch (IOException e) {
            return "No schema registry answers at " + url + (e.getMessage() == null ? "" : " (" + e.getMessage() + ")");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ClusterUnavailableException("Interrupted while waiting for the schema registry.", e);
        }
    }
}
