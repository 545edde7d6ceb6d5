package dev.sparsecast.streams.query;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyQueryMetadata;
import org.apache.kafka.streams.StreamsMetadata;
import org.apache.kafka.streams.state.HostInfo;

/** The instances of the streams app, who holds which key, and how to ask them. */
final class Instances {
    /** Tells an instance to answer for itself, so that no question goes round in circles. */
    static final String LOCAL = "local=true";

    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final KafkaStreams streams;
    private final HostInfo self;
    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();

    Instances(KafkaStreams streams, HostInfo self) {
        this.streams = streams;
        this.self = self;
    }

    /** The other instance that holds a key of a store; empty if this one does. */
    Optional<HostInfo> ownerElsewhere(String store, String key) {
        KeyQueryMetadata metadata = streams.queryMetadataForKey(store, key, new StringSerializer());
        if (metadata == null || metadata.equals(KeyQueryMetadata.NOT_AVAILABLE)) {
            throw new QueryException(Answer.UNAVAILABLE, "it is not known yet which instance holds " + key);
        }
        return metadata.activeHost().equals(self) ? Optional.empty() : Optional.of(metadata.activeHost());
    }

    /** All other instances. */
    List<HostInfo> others() {
        return streams.metadataForAllStreamsClients().stream()
                .map(StreamsMetadata::hostInfo)
                .filter(Objects::nonNull)
                .filter(host -> !host.equals(self))
                .distinct()
                .toList();
    }

    /** What another instance answers. */
    Answer ask(HostInfo host, String path, String query) {
        URI uri = URI.create("http://" + host.host() + ":" + host.port() + path + "?"
                + (query.isEmpty() ? LOCAL : query + "&" + LOCAL));
        try {
            HttpResponse<String> response = http.send(
                    HttpRequest.newBuilder(uri).timeout(PATIENCE).build(), HttpResponse.BodyHandlers.ofString());
            return new Answer(response.statusCode(), response.body());
        } catch (IOException e) {
            throw new QueryException(
                    Answer.UNAVAILABLE,
                    "the instance at " + host.host() + ":" + host.port()
                            + ", which should have the answer, cannot be reached: " + e.getMessage(),
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new QueryException(Answer.UNAVAILABLE, "interrupted", e);
        }
    }

    /** Ends connections. */
    void close() {
        http.shutdownNow();
    }
}
