package dev.sparsecast.checkpoint.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.checkpoint.CheckpointException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HubSettingsTest {
    @TempDir
    Path home;

    @Test
    void withoutVariablesItIsThePublicHubAndTheUsualCache() {
        HubSettings settings = HubSettings.of(Map.of(), home);

        assertThat(settings.endpoint().getScheme()).isEqualTo("https");
        assertThat(settings.cache()).isEqualTo(home.resolve(".cache/huggingface/hub"));
        assertThat(settings.token()).isEmpty();
        assertThat(settings.offline()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "HF_HUB_CACHE, /a/b, /a/b",
        "HF_HOME, /a/b, /a/b/hub",
        "HF_HOME, ~/models, HOME/models/hub",
        "XDG_CACHE_HOME, /x, /x/huggingface/hub",
        "HF_HOME, ' ', HOME/.cache/huggingface/hub",
    })
    void findsTheCache(String variable, String value, String cache) {
        assertThat(HubSettings.of(Map.of(variable, value), home).cache())
                .hasToString(cache.replace("HOME", home.toString()));
    }

    @Test
    void readsTheTokenOfTheVariableOrElseOfTheFile() throws IOException {
        Files.writeString(home.resolve("token"), "of-the-file\n");
        Map<String, String> file = Map.of("HF_HOME", home.toString());
        Map<String, String> both = Map.of("HF_HOME", home.toString(), "HF_TOKEN", " of-the-variable ");
        Map<String, String> elsewhere =
                Map.of("HF_TOKEN_PATH", home.resolve("token").toString());

        assertThat(HubSettings.of(file, home).token()).contains("of-the-file");
        assertThat(HubSettings.of(both, home).token()).contains("of-the-variable");
        assertThat(HubSettings.of(elsewhere, home).token()).contains("of-the-file");
    }

    @ParameterizedTest
    @CsvSource({"1, true", "true, true", "Yes, true", "on, true", "0, false", "'', false", "no, false"})
    void readsWhetherItIsOffline(String value, boolean offline) {
        assertThat(HubSettings.of(Map.of("HF_HUB_OFFLINE", value), home).offline())
                .isEqualTo(offline);
    }

    @Test
    void takesAnotherHub() {
        assertThat(HubSettings.of(Map.of("HF_ENDPOINT", "http://127.0.0.1:8080/hub//"), home)
                        .endpoint())
                .isEqualTo(URI.create("http://127.0.0.1:8080/hub"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"hub.example", "ftp://hub.example", "http://", "http:// x", "file:///tmp"})
    void refusesAnEndpointThatIsNoWebAddress(String endpoint) {
        assertThatThrownBy(() -> HubSettings.of(Map.of("HF_ENDPOINT", endpoint), home))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("HF_ENDPOINT is '" + endpoint + "'");
    }
}
