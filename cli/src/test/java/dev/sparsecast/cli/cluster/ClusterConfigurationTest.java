package dev.sparsecast.cli.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.schemas.cluster.ClusterSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClusterConfigurationTest {
    @TempDir
    Path directory;

    @Test
    void anOptionWinsOverTheEnvironmentWhichWinsOverTheFile() throws Exception {
        Path file = Files.writeString(directory.resolve("client.properties"), """
                bootstrap.servers=file:1
                schema.registry.url=http://file
                linger.ms=1
                batch.size=1
                acks=1
                """);
        Map<String, String> environment = Map.of(
                "SPARSECAST_SCHEMA_REGISTRY_URL", "http://environment",
                "SPARSECAST_KAFKA_LINGER_MS", "2",
                "SPARSECAST_KAFKA_BATCH_SIZE", "2");

        ClusterSettings settings =
                new ClusterConfiguration("option:1", null, file, Map.of("linger.ms", "3"), environment).settings();

        assertThat(settings)
                .isEqualTo(new ClusterSettings(
                        "option:1", "http://environment", Map.of("linger.ms", "3", "batch.size", "2", "acks", "1")));
    }

    @Test
    void theEnvironmentMayNameTheFile() throws Exception {
        Path file = Files.writeString(
                directory.resolve("client.properties"), "bootstrap.servers=file:1\nschema.registry.url=http://file\n");

        ClusterSettings settings = new ClusterConfiguration(
                        null, null, null, Map.of(), Map.of("SPARSECAST_KAFKA_CONFIG", file.toString()))
                .settings();

        assertThat(settings).isEqualTo(new ClusterSettings("file:1", "http://file"));
    }

    @Test
    void refusesWhatIsSaidTwiceInDifferentWays() {
        ClusterConfiguration configuration = new ClusterConfiguration(
                "one:1", "http://registry", null, Map.of("bootstrap.servers", "two:2"), Map.of());

        assertThatThrownBy(configuration::settings)
                .isInstanceOf(ClusterConfigurationException.class)
                .hasMessageContainingAll("one:1", "two:2");
    }

    @Test
    void saysHowToNameTheBrokerWhenNobodyHas() {
        ClusterConfiguration configuration =
                new ClusterConfiguration(null, "http://registry", null, Map.of(), Map.of());

        assertThatThrownBy(configuration::settings)
                .isInstanceOf(ClusterConfigurationException.class)
                .hasMessageContainingAll("--bootstrap-servers", "SPARSECAST_BOOTSTRAP_SERVERS");
    }

    @Test
    void needsNoRegistryWhereOnlyTheBrokerCounts() {
        ClusterSettings settings = new ClusterConfiguration("one:1", null, null, Map.of(), Map.of()).brokerSettings();

        assertThat(settings).isEqualTo(new ClusterSettings("one:1", ""));
    }

    @Test
    void saysWhichFileCannotBeRead() {
        Path missing = directory.resolve("missing.properties");
        ClusterConfiguration configuration =
                new ClusterConfiguration("one:1", "http://registry", missing, Map.of(), Map.of());

        assertThatThrownBy(configuration::settings)
                .isInstanceOf(ClusterConfigurationException.class)
                .hasMessageContaining(missing.toString());
    }
}
