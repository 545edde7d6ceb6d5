package dev.sparsecast.feed.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.sparsecast.feed.SampleEvents;
import dev.sparsecast.feed.event.EventId;
import dev.sparsecast.feed.event.EventLog;
import dev.sparsecast.feed.event.ReleaseEvent;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.Artifact;
import dev.sparsecast.schemas.SubModelRelease.ArtifactKind;
import dev.sparsecast.schemas.signing.SigningKey;
import dev.sparsecast.store.ArtifactStore;
import dev.sparsecast.store.ArtifactStore.Stored;
import dev.sparsecast.store.ArtifactStores;
import dev.sparsecast.store.ContentDigest;
import dev.sparsecast.store.DirectoryArtifact;
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
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Over real HTTP, with nothing on the client's side but what a JDK has. */
class FeedHandlerTest {
    @TempDir
    Path directory;

    private final SigningKey key = SigningKey.generate();
    private final EventLog log = SampleEvents.log(3);
    private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
    private final HttpClient client = HttpClient.newHttpClient();
    private ArtifactStore store;
    private HttpServer server;

    @BeforeEach
    void startServer() throws IOException {
        store = ArtifactStores.open(directory.resolve("store").toString());
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext(FeedHandler.PREFIX, new FeedHandler(log, Optional.of(store), metrics));
        server.start();
    }

    @AfterEach
    void stopServer() {
        log.close();
        server.stop(0);
        store.close();
        client.close();
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/api/v1/" + path));
    }

    private HttpResponse<String> get(String path) throws Exception {
        return client.send(request(path).build(), HttpResponse.BodyHandlers.ofString());
    }

    private JsonNode list(String path) throws Exception {
        HttpResponse<String> response = get(path);
        assertThat(response.statusCode()).isEqualTo(200);
        return JsonMapper.shared().readTree(response.body());
    }

    private static List<String> ids(JsonNode list) {
        List<String> ids = new ArrayList<>();
        list.get("events").forEach(event -> ids.add(event.get("id").asString()));
        return ids;
    }

    private ReleaseEvent add(String submodel, int version, Artifact... artifacts) {
        return SampleEvents.add(log, SampleEvents.release(key, submodel, version, artifacts));
    }

    @Test
    void listsTheNewestReleaseOfEachSubModel() throws Exception {
        add("python", 1);
        ReleaseEvent java = add("java", 1);
        ReleaseEvent python = add("python", 2);

        JsonNode list = list("releases");

        assertThat(ids(list)).containsExactly(java.id().toString(), python.id().toString());
        assertThat(list.get("last_id").asString()).isEqualTo(python.id().toString());
        assertThat(list.get("events").get(1).get("version").asInt()).isEqualTo(2);
        assertThat(ids(list("releases?submodel=java")))
                .containsExactly(java.id().toString());
        assertThat(ids(list("releases?model=other@0123456789ab"))).isEmpty();
    }

    @Test
    void listsWhatHappenedSinceAnEvent() throws Exception {
        ReleaseEvent first = add("python", 1);
        ReleaseEvent second = add("python", 2);
        ReleaseEvent third = add("python", 3);

        assertThat(ids(list("releases?after=" + first.id())))
                .containsExactly(second.id().toString(), third.id().toString());
        assertThat(ids(list("releases?after=" + third.id()))).isEmpty();
    }

    @Test
    void givesManifestsThatAnybodyCanVerify() throws Exception {
        add("python", 1);
        JsonNode event = list("releases").get("events").get(0);
        key.write(directory.resolve("pruner.key"));
        String pem = Files.readString(directory.resolve("pruner.pub"));

        PublicKey publicKey = KeyFactory.getInstance("Ed25519")
                .generatePublic(new X509EncodedKeySpec(
                        Base64.getMimeDecoder().decode(pem.replaceAll("-----[A-Z ]+-----", ""))));
        Signature verifier = Signature.getInstance("Ed25519");
        verifier.initVerify(publicKey);
        verifier.update(event.get("manifest").asString().getBytes(StandardCharsets.UTF_8));

        assertThat(verifier.verify(
                        HexFormat.of().parseHex(event.get("signature").asString())))
                .isTrue();
        assertThat(JsonMapper.shared()
                        .readTree(event.get("manifest").asString())
                        .get("submodel")
                        .asString())
                .isEqualTo("python");
    }

    @Test
    void streamsWhatThereIsAndWhatComes() throws Exception {
        ReleaseEvent first = add("python", 1);
        try (Stream stream = new Stream(client, request("events").build())) {
            assertThat(stream.next()).isEqualTo(first.id() + " release " + first.json());
            ReleaseEvent second = add("java", 1);
            assertThat(stream.next()).isEqualTo(second.id() + " release " + second.json());
            ReleaseEvent removed = ReleaseEvent.removed(new EventId(SampleEvents.TOPIC, 9), second.key());
            log.add(removed);
            assertThat(stream.next()).isEqualTo(removed.id() + " removed " + removed.json());
        }
    }

    @Test
    void resumesWhereAClientWasCutOff() throws Exception {
        ReleaseEvent first = add("python", 1);
        try (Stream stream = new Stream(client, request("events").build())) {
            assertThat(stream.next()).startsWith(first.id().toString());
        }
        ReleaseEvent second = add("python", 2);
        ReleaseEvent third = add("python", 3);
        try (Stream stream = new Stream(
                client,
                request("events").header("Last-Event-ID", first.id().toString()).build())) {
            assertThat(stream.next()).startsWith(second.id().toString());
            assertThat(stream.next()).startsWith(third.id().toString());
        }
        try (Stream stream =
                new Stream(client, request("events?after=" + second.id()).build())) {
            assertThat(stream.next()).startsWith(third.id().toString());
        }
    }

    @Test
    void endsStreamsWhenItIsClosed() throws Exception {
        try (Stream stream = new Stream(client, request("events").build())) {
            Awaitility.await()
                    .until(() -> metrics.get("sparsecast.feed.streams").gauge().value() == 1);
            log.close();
            assertThat(stream.next()).isEqualTo("end");
        }
        Awaitility.await()
                .until(() -> metrics.get("sparsecast.feed.streams").gauge().value() == 0);
    }

    @Test
    void givesOutTheArtifactsOfReleases() throws Exception {
        Path recipe = Files.writeString(directory.resolve("recipe"), "norms");
        Path checkpoint =
                Files.createDirectories(directory.resolve("checkpoint/sub")).getParent();
        Files.writeString(checkpoint.resolve("config.json"), "{}");
        Files.writeString(checkpoint.resolve("sub/weights"), "weights");
        Stored stored = store.put("python/1/recipe.safetensors", recipe);
        Stored directoryStored = DirectoryArtifact.put(store, "python/1/checkpoint", checkpoint);
        store.put("java/1/recipe.safetensors", recipe);
        add(
                "python",
                1,
                new Artifact(ArtifactKind.RECIPE, "python/1/recipe.safetensors", stored.bytes(), stored.sha256()),
                new Artifact(
                        ArtifactKind.CHECKPOINT,
                        "python/1/checkpoint",
                        directoryStored.bytes(),
                        directoryStored.sha256()));

        HttpResponse<String> answer = get("artifacts/python/1/recipe.safetensors");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).isEqualTo("norms");
        assertThat(answer.headers().firstValue("ETag")).hasValue("\"" + stored.sha256() + "\"");
        String listing = get("artifacts/python/1/checkpoint.files").body();
        assertThat(ContentDigest.of(listing.getBytes(StandardCharsets.UTF_8)).sha256())
                .isEqualTo(directoryStored.sha256());
        assertThat(listing).contains("sub/weights");
        assertThat(get("artifacts/python/1/checkpoint/sub/weights").body()).isEqualTo("weights");

        for (String other : List.of(
                "java/1/recipe.safetensors",
                "python/1/checkpoint",
                "python/1/checkpoint/../../../java/1/recipe.safetensors",
                "python/1/checkpoint/%2e%2e/recipe.safetensors",
                "../pruner.key",
                "")) {
            assertThat(get("artifacts/" + other).statusCode()).as(other).isEqualTo(404);
        }
    }

    @Test
    void saysWhatItDoesNotUnderstand() throws Exception {
        assertThat(get("nothing").statusCode()).isEqualTo(404);
        assertThat(get("releases?after=7").statusCode()).isEqualTo(400);
        assertThat(get("releases?sub=7").body()).isEqualTo("'sub' is none of model=, submodel= and after=\n");
        assertThat(client.send(
                                request("events").header("Last-Event-ID", "7").build(),
                                HttpResponse.BodyHandlers.ofString())
                        .statusCode())
                .isEqualTo(400);
        assertThat(client.send(
                                request("releases")
                                        .POST(HttpRequest.BodyPublishers.noBody())
                                        .build(),
                                HttpResponse.BodyHandlers.ofString())
                        .statusCode())
                .isEqualTo(405);
    }

    @Test
    void asksForPatienceUntilItKnowsWhatThereIs() throws Exception {
        log.begin(SampleEvents.TOPIC);

        HttpResponse<String> response = get("releases");

        assertThat(response.statusCode()).isEqualTo(503);
        assertThat(response.headers().firstValue("Retry-After")).hasValue("1");
    }

    /** A client of server-sent events. */
    private static final class Stream implements AutoCloseable {
        private final BufferedReader lines;

        Stream(HttpClient client, HttpRequest request) throws Exception {
            HttpResponse<InputStream> response = client.send(request, HttpResponse.BodyHandlers.ofInputStream());
            assertThat(response.statusCode()).isEqualTo(200);
            assertThat(response.headers().firstValue("Content-Type")).hasValue("text/event-stream");
            lines = new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8));
        }

        /** Id, type and data of the next event; {@code end} if there is none. */
        String next() throws IOException {
            String id = "";
            String type = "";
            String data = "";
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith("id: ")) {
                    id = line.substring(4);
                } else if (line.startsWith("event: ")) {
                    type = line.substring(7);
                } else if (line.startsWith("data: ")) {
                    data = line.substring(6);
                } else if (line.isEmpty() && !data.isEmpty()) {
                    return id + " " + type + " " + data;
                }
            }
            return "end";
        }

        @Override
        public void close() throws IOException {
            lines.close();
        }
    }

    /** Releases stay as they are. */
    @Test
    void saysTheSameOfAReleaseWheneverItIsAsked() {
        SubModelRelease release = SampleEvents.release(key, "python", 1);
        EventId id = new EventId(SampleEvents.TOPIC, 1);
        assertThat(ReleaseEvent.released(id, release).json())
                .isEqualTo(ReleaseEvent.released(id, release).json());
    }
}
