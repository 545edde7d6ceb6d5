package dev.sparsecast.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.console.state.PipelineState;
import dev.sparsecast.schemas.Prompt;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ConsoleServerTest {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final PipelineState state = new PipelineState();
    private final ConsoleServer server =
            ConsoleServer.start(new ConsoleSettings("127.0.0.1", 0, Duration.ofMillis(10)), state);
    private final HttpClient client = HttpClient.newHttpClient();

    @AfterEach
    void stop() {
        server.close();
        client.close();
    }

    @Test
    void theStateIsOneJsonObject() throws Exception {
        SamplePipeline.fill(state, Instant.now());

        HttpResponse<String> response = get("/api/state");

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("Content-Type")).contains("application/json");
        JsonNode json = JSON.readTree(response.body());
        assertThat(json.at("/traffic/languages").size()).isEqualTo(5);
        assertThat(json.at("/traffic/held_out").asLong()).isPositive();
        assertThat(json.at("/groups").size()).isEqualTo(6);
        assertThat(json.at("/groups/0/drift/noise_floor").asDouble()).isPositive();
        assertThat(json.at("/releases/0/trigger").asString()).isEqualTo("drift");
        assertThat(json.at("/deployments/0/seconds_from_snapshot").asDouble()).isPositive();
        assertThat(json.at("/dead_letters/0/records").asLong()).isEqualTo(1);
        assertThat(response.body()).doesNotContain("NaN").doesNotContain("Infinity");
    }

    @Test
    void aGroupHasItsDetails() throws Exception {
        SamplePipeline.fill(state, Instant.now());
        HttpResponse<String> response = get("/api/groups/tiny-coder%400123456789ab/python/code");
        JsonNode json = JSON.readTree(response.body());
        assertThat(json.at("/drift_history").size()).isEqualTo(40);
        assertThat(json.at("/measurements").size()).isEqualTo(24);
        assertThat(json.at("/activity").size()).isEqualTo(4);
        assertThat(json.at("/activity/0/rms").size()).isEqualTo(6);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/api/groups/m/python/absent",
                "/api/groups/m/PYTHON/code",
                "/api/groups/..%2f/a/b",
                "/nothing",
                "/..%2f..%2fetc%2fpasswd",
                "/console.css/x",
                "/META-INF/MANIFEST.MF"
            })
    void whatIsNotThereIsNotFound(String path) throws Exception {
        assertThat(get(path).statusCode()).isIn(400, 404);
    }

    @Test
    void eventsBringTheStateNowAndAgainWhenItChanges() throws Exception {
        HttpRequest request = HttpRequest.newBuilder(server.address().resolve("/api/events"))
                .header("Accept", "text/event-stream")
                .build();
        try (InputStream body = client.send(request, HttpResponse.BodyHandlers.ofInputStream())
                        .body();
                BufferedReader lines = new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8))) {
            assertThat(prompts(lines)).isZero();
            state.prompt(new Prompt("p", "python", "code", "text", "", Map.of()), Instant.now());
            long seen = 0;
            while (seen == 0) {
                seen = prompts(lines);
            }
            assertThat(seen).isEqualTo(1);
        }
    }

    /** Prompts in the next event. */
    private static long prompts(BufferedReader lines) throws IOException {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (line.startsWith("data: ")) {
                return JSON.readTree(line.substring("data: ".length()))
                        .at("/traffic/prompts")
                        .asLong();
            }
        }
        throw new IOException("the stream of events ended");
    }

    @Test
    void thePageAllowsNothingFromElsewhere() throws Exception {
        HttpResponse<String> page = get("/");
        assertThat(page.headers().firstValue("Content-Type").orElseThrow()).startsWith("text/html");
        assertThat(page.headers().firstValue("Content-Security-Policy").orElseThrow())
                .startsWith("default-src 'none'; script-src 'self'")
                .doesNotContain("unsafe");
        assertThat(page.headers().firstValue("X-Content-Type-Options")).contains("nosniff");
        assertThat(page.body()).doesNotContain("http://").doesNotContain("https://");
    }

    @Test
    void everythingThatThePageLoadsIsThere() throws Exception {
        Pattern loaded = Pattern.compile("(?:src|href)=\"(/[^\"]+)\"|(?:from|import) \"\\.(/[^\"]+)\"");
        for (String path : PageAssets.load().paths()) {
            HttpResponse<String> asset = get(path);
            assertThat(asset.statusCode()).as(path).isEqualTo(200);
            var matcher = loaded.matcher(asset.body());
            while (matcher.find()) {
                String wanted = matcher.group(1) == null ? matcher.group(2) : matcher.group(1);
                assertThat(get(wanted).statusCode())
                        .as("%s, loaded by %s", wanted, path)
                        .isEqualTo(200);
            }
        }
        assertThat(get("/uplot.js").body()).contains("uPlot");
    }

    @Test
    void noScriptMakesMarkupOfText() throws Exception {
        for (String path : PageAssets.load().paths()) {
            if (path.endsWith(".js") && !path.equals("/uplot.js")) {
                assertThat(get(path).body())
                        .as(path)
                        .doesNotContain("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(");
            }
        }
    }

    @Test
    void anUnchangedFileIsNotSentAgain() throws Exception {
        String tag = get("/main.js").headers().firstValue("ETag").orElseThrow();
        HttpRequest again = HttpRequest.newBuilder(server.address().resolve("/main.js"))
                .header("If-None-Match", tag)
                .build();
        assertThat(client.send(again, HttpResponse.BodyHandlers.ofString()).statusCode())
                .isEqualTo(304);
    }

    @Test
    void probesTellWhetherItFollowsAndLives() throws Exception {
        assertThat(get("/liveness").statusCode()).isEqualTo(200);
        assertThat(get("/ready").statusCode()).isEqualTo(503);
        state.caughtUp();
        assertThat(get("/ready").statusCode()).isEqualTo(200);
    }

    @Test
    void itOnlyReads() throws Exception {
        HttpRequest post = HttpRequest.newBuilder(server.address().resolve("/api/state"))
                .POST(HttpRequest.BodyPublishers.ofString("{}"))
                .build();
        assertThat(client.send(post, HttpResponse.BodyHandlers.ofString()).statusCode())
                .isIn(404, 405);
    }

    @Test
    void aPortInUseIsOneSentence() {
        assertThatThrownBy(() -> ConsoleServer.start(ConsoleSettings.onPort(server.port()), new PipelineState()))
                .isInstanceOf(ConsoleException.class)
                .hasMessageContaining("Port " + server.port())
                .hasMessageContaining("--http-port");
    }

    @Test
    void aPortThatIsNoneIsRefused() {
        assertThatThrownBy(() -> ConsoleSettings.onPort(70_000)).hasMessageContaining("70000");
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        URI uri = URI.create("http://127.0.0.1:" + server.port() + path);
        return client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
    }
}
