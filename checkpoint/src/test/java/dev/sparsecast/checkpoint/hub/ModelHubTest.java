package dev.sparsecast.checkpoint.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.checkpoint.CheckpointException;
import dev.sparsecast.checkpoint.RandomCheckpoint;
import dev.sparsecast.checkpoint.hub.FakeHub.Fault;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelHubTest {
    private static final String WEIGHTS = "model.safetensors";

    @TempDir
    Path directory;

    private Path model;
    private Path cache;
    private FakeHub hub;
    private HubSettings settings;

    @BeforeEach
    void start() throws IOException {
        model = new RandomCheckpoint(1).write(directory.resolve("published"), RandomCheckpoint.CONFIG);
        Files.writeString(model.resolve("tokenizer.json"), "{\"model\":{}}");
        cache = directory.resolve("cache");
        hub = FakeHub.of(model);
        settings = hub.settings(cache);
    }

    @AfterEach
    void stop() {
        hub.close();
    }

    private Path fetch(String id) {
        return ModelHub.directory(id, settings, HubProgress.NONE);
    }

    private Path blob(String file) {
        return cache.resolve("models--org--tiny/blobs").resolve(hub.digest(file));
    }

    private List<String> requests() {
        return hub.requests.stream().map(FakeHub.Request::line).toList();
    }

    @Test
    void fetchesAModelToTheCacheAndFindsItThereAgain() throws IOException {
        List<String> progress = new ArrayList<>();
        Path fetched = ModelHub.directory(
                "org/tiny", settings, (file, done, total) -> progress.add(file + " " + done + "/" + total));

        assertThat(fetched).isEqualTo(cache.resolve("models--org--tiny/snapshots/" + FakeHub.COMMIT));
        assertThat(cache.resolve("models--org--tiny/refs/main")).hasContent(FakeHub.COMMIT);
        assertThat(Files.readSymbolicLink(fetched.resolve(WEIGHTS)))
                .isEqualTo(Path.of("../../blobs/" + hub.digest(WEIGHTS)));
        assertThat(progress)
                .contains(
                        WEIGHTS + " " + Files.size(model.resolve(WEIGHTS)) + "/" + Files.size(model.resolve(WEIGHTS)));
        try (Checkpoint original = Checkpoint.open(model);
                Checkpoint copy = Checkpoint.open(fetched)) {
            assertThat(copy.digest()).isEqualTo(original.digest());
            assertThat(copy.name()).isEqualTo("tiny");
        }
        hub.requests.clear();
        assertThat(fetch("org/tiny")).isEqualTo(fetched);
        assertThat(fetch("org/tiny@" + FakeHub.COMMIT)).isEqualTo(fetched);
        assertThat(requests()).isEmpty();
    }

    @Test
    void fetchesOnlyWhatAModelNeeds() {
        hub.files.put("pytorch_model.bin", new byte[10]);
        hub.files.put("README.md", new byte[10]);
        hub.alsoListed.addAll(List.of("onnx/model.onnx", "../../../evil.json", "/etc/passwd", "original/params.json"));
        Path fetched = fetch("org/tiny");

        assertThat(fetched.toFile().list()).containsExactlyInAnyOrder("config.json", "tokenizer.json", WEIGHTS);
        assertThat(requests()).noneMatch(line -> line.contains("evil") || line.contains("passwd"));
    }

    @Test
    void fetchesEveryShard() throws IOException {
        hub.close();
        Path sharded =
                new RandomCheckpoint(2).writeSharded(directory.resolve("sharded"), RandomCheckpoint.CONFIG, 3, 1);
        hub = FakeHub.of(sharded);
        settings = hub.settings(cache);

        try (Checkpoint original = Checkpoint.open(sharded);
                Checkpoint copy = Checkpoint.open(fetch("org/tiny"))) {
            assertThat(copy.shards()).hasSize(3);
            assertThat(copy.digest()).isEqualTo(original.digest());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"v1.0", "refs/pr/7", FakeHub.COMMIT})
    void asksForTheRevision(String revision) {
        fetch("org/tiny@" + revision);

        assertThat(requests()).contains("hub GET /api/models/org/tiny/revision/" + revision.replace("/", "%2F"));
        Path reference = cache.resolve("models--org--tiny/refs").resolve(revision);
        assertThat(Files.exists(reference)).isEqualTo(!revision.equals(FakeHub.COMMIT));
    }

    @Test
    void goesOnWhereTheConnectionWasCut() throws IOException {
        byte[] content = hub.files.get(WEIGHTS);
        AtomicInteger cuts = new AtomicInteger();
        hub.faults.add((request, exchange) -> {
            if (!request.line().startsWith("storage GET") || cuts.incrementAndGet() > 2) {
                return false;
            }
            int from = request.range().isPresent() ? content.length / 3 : 0;
            if (from > 0) {
                exchange.getResponseHeaders().set("Content-Range", "bytes " + from + "-" + (content.length - 1) + "/*");
            }
            exchange.sendResponseHeaders(from > 0 ? 206 : 200, content.length - from);
            exchange.getResponseBody().write(content, from, content.length / 3);
            exchange.getResponseBody().flush();
            return true;
        });
        Path fetched = fetch("org/tiny");

        assertThat(fetched.resolve(WEIGHTS)).hasBinaryContent(content);
        assertThat(hub.requests.stream()
                        .filter(request -> request.line().startsWith("storage GET"))
                        .map(request -> request.range().orElse("all")))
                .containsExactly("all", "bytes=" + content.length / 3 + "-", "bytes=" + 2 * (content.length / 3) + "-");
    }

    @Test
    void goesOnWhereAnEarlierProcessStopped() throws IOException {
        leaveIncomplete(Arrays.copyOf(hub.files.get(WEIGHTS), 100));

        assertThat(fetch("org/tiny").resolve(WEIGHTS)).hasBinaryContent(hub.files.get(WEIGHTS));
        assertThat(hub.requests).anyMatch(request -> request.range().equals(Optional.of("bytes=100-")));
        assertThat(cache.resolve("models--org--tiny/blobs").toFile().list())
                .doesNotContain(hub.digest(WEIGHTS) + ".incomplete");
    }

    @Test
    void takesNoticeOfAServerThatIgnoresRanges() throws IOException {
        leaveIncomplete(new byte[50]);
        hub.faults.add((request, exchange) -> {
            boolean applies = request.line().startsWith("storage GET");
            if (applies) {
                FakeHub.send(exchange, 200, hub.files.get(WEIGHTS));
            }
            return applies;
        });

        assertThat(fetch("org/tiny").resolve(WEIGHTS)).hasBinaryContent(hub.files.get(WEIGHTS));
    }

    @Test
    void dropsWhatIsLongerThanTheWhole() throws IOException {
        leaveIncomplete(new byte[hub.files.get(WEIGHTS).length + 1]);

        assertThat(fetch("org/tiny").resolve(WEIGHTS)).hasBinaryContent(hub.files.get(WEIGHTS));
    }

    private void leaveIncomplete(byte[] content) throws IOException {
        Files.createDirectories(blob(WEIGHTS).getParent());
        Files.write(blob(WEIGHTS).resolveSibling(hub.digest(WEIGHTS) + ".incomplete"), content);
    }

    @ParameterizedTest
    @ValueSource(strings = {WEIGHTS, "config.json"})
    void refusesContentOfAnotherDigestAndTakesTheRightOneLater(String file) {
        byte[] right = hub.files.get(file);
        byte[] wrong = right.clone();
        wrong[wrong.length - 1] ^= 1;
        hub.faults.add((request, exchange) -> {
            boolean applies = request.line().contains("GET")
                    && request.path().endsWith("/" + file)
                    && (request.server().equals("storage") || !FakeHub.isLarge(file));
            if (applies) {
                FakeHub.send(exchange, 200, wrong);
            }
            return applies;
        });

        assertThatThrownBy(() -> fetch("org/tiny"))
                .isInstanceOf(HubException.class)
                .hasMessageContaining(file + " arrived damaged")
                .hasMessageContaining(hub.digest(file));
        assertThat(blob(file)).doesNotExist();
        assertThat(cache.resolve("models--org--tiny/refs/main")).doesNotExist();
        hub.faults.clear();
        assertThat(fetch("org/tiny").resolve(file)).hasBinaryContent(right);
    }

    @Test
    void refusesMoreBytesThanAnnounced() {
        hub.faults.add((request, exchange) -> {
            boolean applies = request.line().startsWith("storage GET");
            if (applies) {
                FakeHub.send(exchange, 200, new byte[hub.files.get(WEIGHTS).length + 1]);
            }
            return applies;
        });

        assertThatThrownBy(() -> fetch("org/tiny"))
                .isInstanceOf(HubException.class)
                .hasMessageContaining("is longer than");
    }

    @Test
    void givesTheTokenToTheHubAlone() {
        fetch("org/tiny");

        assertThat(hub.requests)
                .allSatisfy(request -> assertThat(request.token())
                        .isEqualTo(request.server().equals("hub") ? Optional.of("Bearer secret") : Optional.empty()));
        assertThat(hub.requests).anyMatch(request -> request.server().equals("storage"));
    }

    @Test
    void followsTheHubWhereItsOwnFilesMoved() {
        hub.faults.add((request, exchange) -> {
            boolean applies = request.server().equals("hub")
                    && request.path().startsWith("/org/tiny/resolve/")
                    && !FakeHub.isLarge(request.path());
            if (applies) {
                exchange.getResponseHeaders().set("Location", request.path().replace("/org/tiny/", "/cached/"));
                FakeHub.send(exchange, 307, new byte[0]);
            }
            return applies;
        });

        assertThat(fetch("org/tiny")).isDirectoryContaining(file -> file.endsWith("tokenizer.json"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/org/tiny/resolve/x | redirects without end",
                "ftp://127.0.0.1/x | which is not followed",
                "file:///etc/passwd | which is not followed",
                "http://[ | which is no address",
            })
    void refusesOddRedirects(String location, String complaint) {
        hub.faults.add((request, exchange) -> {
            boolean applies = request.path().startsWith("/org/tiny/resolve/");
            if (applies) {
                exchange.getResponseHeaders().set("Location", location);
                FakeHub.send(exchange, 302, new byte[0]);
            }
            return applies;
        });

        assertThatThrownBy(() -> fetch("org/tiny"))
                .isInstanceOf(HubException.class)
                .hasMessageContaining(complaint);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "401 | RepoNotFound | there is no such model, or the token in use may not read it",
                "401 | GatedRepo | it is gated; ask for access at http://127.0.0.1",
                "403 | GatedRepo | set HF_TOKEN to a token of the account that has it",
                "404 | RepoNotFound | there is no model org/tiny on the hub at http://127.0.0.1",
                "404 | RevisionNotFound | org/tiny has no revision v9 on the hub",
            })
    void saysWhyTheHubRefuses(int status, String code, String complaint) {
        hub.faults.add((request, exchange) -> {
            exchange.getResponseHeaders().set("X-Error-Code", code);
            FakeHub.send(exchange, status, "no".getBytes(StandardCharsets.UTF_8));
            return true;
        });

        assertThatThrownBy(() -> fetch("org/tiny@v9"))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(complaint);
        assertThat(hub.requests).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {429, 500, 503})
    void triesAgainWhatMayPass(int status) {
        hub.faults.add(failing(status, 4));

        assertThat(fetch("org/tiny")).isDirectoryContaining(file -> file.endsWith(WEIGHTS));
    }

    @Test
    void givesUpWhatDoesNotPass() {
        hub.faults.add(failing(503, Integer.MAX_VALUE));

        assertThatThrownBy(() -> fetch("org/tiny"))
                .isInstanceOf(HubException.class)
                .hasMessageContaining("the hub answered 503")
                .hasMessageContaining("the last of 5 attempts");
        assertThat(hub.requests).hasSize(5);
    }

    private static Fault failing(int status, int times) {
        AtomicInteger failures = new AtomicInteger();
        return (request, exchange) -> {
            boolean applies = failures.incrementAndGet() <= times;
            if (applies) {
                FakeHub.send(exchange, status, new byte[0]);
            }
            return applies;
        };
    }

    @Test
    void triesAgainWhenNothingArrivesAnyMore() {
        settings = new HubSettings(
                settings.endpoint(), cache, settings.token(), false, Duration.ofMillis(300), Duration.ofMillis(1));
        byte[] content = hub.files.get(WEIGHTS);
        AtomicInteger stalls = new AtomicInteger();
        hub.faults.add((request, exchange) -> {
            boolean applies = request.line().startsWith("storage GET") && stalls.incrementAndGet() == 1;
            if (applies) {
                exchange.sendResponseHeaders(200, content.length);
                exchange.getResponseBody().write(content, 0, 10);
                exchange.getResponseBody().flush();
                sleep(Duration.ofSeconds(2));
            }
            return applies;
        });

        assertThat(fetch("org/tiny").resolve(WEIGHTS)).hasBinaryContent(content);
    }

    private static void sleep(Duration duration) {
        try {
            Thread.sleep(duration);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void saysWhenNobodyAnswers() {
        hub.close();

        assertThatThrownBy(() -> fetch("org/tiny"))
                .isInstanceOf(HubException.class)
                .hasMessageContaining(settings.endpoint() + " cannot be reached to fetch it (ConnectException")
                .hasMessageContaining("the last of 5 attempts");
    }

    @Test
    void usesOnlyTheCacheWhenOffline() {
        HubSettings online = settings;
        settings = new HubSettings(
                online.endpoint(), cache, Optional.empty(), true, online.patience(), online.firstWait());
        assertThatThrownBy(() -> fetch("org/tiny"))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("HF_HUB_OFFLINE is set");
        assertThat(requests()).isEmpty();

        Path fetched = ModelHub.directory("org/tiny", online, HubProgress.NONE);
        hub.close();
        assertThat(fetch("org/tiny")).isEqualTo(fetched);
        assertThat(fetch("org/tiny@" + FakeHub.COMMIT)).isEqualTo(fetched);
    }

    @Test
    void completesWhatAnotherToolFetchedInPart() throws IOException {
        Path fetched = fetch("org/tiny");
        Files.delete(fetched.resolve(WEIGHTS));
        Files.delete(blob(WEIGHTS));
        hub.requests.clear();

        assertThat(fetch("org/tiny").resolve(WEIGHTS)).hasBinaryContent(hub.files.get(WEIGHTS));
        assertThat(requests()).noneMatch(line -> line.contains("config.json"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"../../evil.safetensors", "/tmp/evil.safetensors", "sub/evil.safetensors"})
    void refusesAnIndexThatLeadsOutOfTheSnapshot(String shard) {
        hub.files.remove(WEIGHTS);
        hub.files.put(
                "model.safetensors.index.json",
                ("{\"weight_map\":{\"t\":\"" + shard + "\"}}").getBytes(StandardCharsets.UTF_8));
        hub.alsoListed.add(shard);

        assertThatThrownBy(() -> fetch("org/tiny"))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("puts tensor t in the shard");
        assertThat(requests()).noneMatch(line -> line.contains("evil"));
    }

    @Test
    void refusesAShardThatTheHubDoesNotHave() {
        hub.files.remove(WEIGHTS);
        hub.files.put(
                "model.safetensors.index.json",
                "{\"weight_map\":{\"t\":\"a.safetensors\"}}".getBytes(StandardCharsets.UTF_8));

        assertThatThrownBy(() -> fetch("org/tiny")).hasMessageContaining("the shard a.safetensors");
    }

    @Test
    void refusesAModelWithoutSafetensors() {
        hub.files.remove(WEIGHTS);

        assertThatThrownBy(() -> fetch("org/tiny"))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("has neither model.safetensors nor");
    }

    @Test
    void refusesAnUnsupportedModelBeforeItsWeightsAreFetched() {
        hub.files.put(
                "config.json", RandomCheckpoint.CONFIG.replace("Llama", "Phi3").getBytes(StandardCharsets.UTF_8));

        assertThatThrownBy(() -> fetch("org/tiny"))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("'Phi3ForCausalLM', which is not supported");
        assertThat(requests()).noneMatch(line -> line.contains(WEIGHTS));
    }

    @Test
    void aDirectoryOfThatNameWins() {
        assertThat(fetch(model.toString())).isEqualTo(model);
        assertThat(requests()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"absent", "a/b/c", "/org/tiny", "./org/tiny", "org/tiny/", "org--x/tiny", "org/..", "@v1"})
    void refusesWhatIsNeitherADirectoryNorAnId(String text) {
        assertThatThrownBy(() -> fetch(text))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("there is no model directory " + text);
        assertThat(requests()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"org/tiny@", "org/tiny@../x", "org/tiny@a/../../b", "org/tiny@/x", "org/tiny@a b"})
    void refusesWhatCanBeNoRevision(String text) {
        assertThatThrownBy(() -> fetch(text))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("is no revision of org/tiny");
        assertThat(requests()).isEmpty();
    }

    @Test
    void threadsFetchEveryFileOnce() {
        List<Path> fetched = IntStream.range(0, 8)
                .parallel()
                .mapToObj(i -> fetch("org/tiny"))
                .toList();

        assertThat(fetched).containsOnly(fetched.getFirst());
        assertThat(requests().stream().filter(line -> line.startsWith("storage GET")))
                .hasSize(1);
    }

    @Test
    void processesFetchEveryFileOnce() throws IOException, InterruptedException {
        hub.faults.add((request, exchange) -> {
            if (request.line().startsWith("storage GET")) {
                sleep(Duration.ofMillis(300));
            }
            return false;
        });
        List<Process> processes =
                Stream.generate(this::fetchInAProcess).limit(2).toList();
        for (Process process : processes) {
            assertThat(process.waitFor()).isZero();
        }

        assertThat(requests().stream().filter(line -> line.startsWith("storage GET")))
                .hasSize(1);
        assertThat(fetch("org/tiny").resolve(WEIGHTS)).hasBinaryContent(hub.files.get(WEIGHTS));
    }

    private Process fetchInAProcess() {
        try {
            return new ProcessBuilder(
                            ProcessHandle.current().info().command().orElseThrow(),
                            "-cp",
                            System.getProperty("java.class.path"),
                            Fetch.class.getName(),
                            settings.endpoint().toString(),
                            cache.toString())
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What a second process does: fetch the model of the hub at the first argument to the cache at the second. */
    static final class Fetch {
        private Fetch() {}

        public static void main(String[] arguments) {
            HubSettings settings =
                    HubSettings.of(Map.of("HF_ENDPOINT", arguments[0], "HF_HUB_CACHE", arguments[1]), Path.of("/"));
            ModelHub.directory("org/tiny", settings, HubProgress.NONE);
        }
    }
}
