package dev.sparsecast.cli.cluster;

import dev.sparsecast.schemas.cluster.ClusterSettings;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Puts the settings of the cluster together from where users write them. What is nearer to the command wins: an option over
 * an environment variable over a line of the file.
 *
 * <ul>
 *   <li>{@code --bootstrap-servers}, {@code SPARSECAST_BOOTSTRAP_SERVERS}, {@code bootstrap.servers} in the file
 *   <li>{@code --schema-registry-url}, {@code SPARSECAST_SCHEMA_REGISTRY_URL}, {@code schema.registry.url} in the file
 *   <li>any other Kafka setting: {@code --kafka key=value}, {@code SPARSECAST_KAFKA_KEY} (upper case, underscores for
 *       dots), {@code key=value} in the file
 * </ul>
 *
 * @param bootstrapServers the option, null if not given
 * @param schemaRegistryUrl the option, null if not given
 * @param kafkaConfig the option's file, null if not given
 * @param kafka settings given as options
 * @param environment the process's environment
 */
public record ClusterConfiguration(
        @Nullable String bootstrapServers,
        @Nullable String schemaRegistryUrl,
        @Nullable Path kafkaConfig,
        Map<String, String> kafka,
        Map<String, String> environment) {

    private static final String BOOTSTRAP_SERVERS = "bootstrap.servers";
    private static final String SCHEMA_REGISTRY_URL = "schema.registry.url";
    private static final String ENVIRONMENT_PREFIX = "SPARSECAST_";
    private static final String KAFKA_PREFIX = ENVIRONMENT_PREFIX + "KAFKA_";
    private static final String KAFKA_CONFIG_VARIABLE = KAFKA_PREFIX + "CONFIG";

    /**
     * The settings as services take them.
     *
     * @throws ClusterConfigurationException if something is missing, unreadable or said twice in different ways
     */
    public ClusterSettings settings() {
        return settings(true);
    }

    /** The settings for a command that needs no registry; its URL is empty when nobody has given one. */
    public ClusterSettings brokerSettings() {
        return settings(false);
    }

    private ClusterSettings settings(boolean registryNeeded) {
        Map<String, String> settings = new TreeMap<>(fromFile());
        settings.putAll(fromEnvironment());
        settings.putAll(kafka);
        String servers = require(BOOTSTRAP_SERVERS, "--bootstrap-servers", bootstrapServers, settings);
        String registry = registryNeeded
                ? require(SCHEMA_REGISTRY_URL, "--schema-registry-url", schemaRegistryUrl, settings)
                : resolve(SCHEMA_REGISTRY_URL, "--schema-registry-url", schemaRegistryUrl, settings)
                        .orElse("");
        settings.remove(BOOTSTRAP_SERVERS);
        settings.remove(SCHEMA_REGISTRY_URL);
        return new ClusterSettings(servers, registry, settings);
    }

    private String require(String key, String option, @Nullable String given, Map<String, String> settings) {
        return resolve(key, option, given, settings)
                .orElseThrow(
                        () -> new ClusterConfigurationException("Missing " + option + " (or the environment variable "
                                + ENVIRONMENT_PREFIX + variable(key) + ", or " + key
                                + " in the file of --kafka-config); 'sparsecast stack' runs a broker and registry to try things"
                                + " with."));
    }

    private Optional<String> resolve(String key, String option, @Nullable String given, Map<String, String> settings) {
        @Nullable String twin = kafka.get(key);
        if (given != null && twin != null && !given.equals(twin)) {
            throw new ClusterConfigurationException(
                    option + " says '" + given + "' and --kafka " + key + " says '" + twin + "'; give one of them.");
        }
        return Stream.of(
                        Optional.ofNullable(given),
                        Optional.ofNullable(twin),
                        Optional.ofNullable(environment.get(ENVIRONMENT_PREFIX + variable(key))),
                        Optional.ofNullable(settings.get(key)))
                .flatMap(Optional::stream)
                .filter(candidate -> !candidate.isBlank())
                .map(String::strip)
                .findFirst();
    }

    private Map<String, String> fromFile() {
        @Nullable String named = environment.get(KAFKA_CONFIG_VARIABLE);
        @Nullable Path file = kafkaConfig != null ? kafkaConfig : named == null ? null : Path.of(named);
        if (file == null) {
            return Map.of();
        }
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            properties.load(reader);
        } catch (IOException | IllegalArgumentException e) {
            throw new ClusterConfigurationException(
                    "Cannot read the Kafka settings in " + file + " (" + e
                            + "); it must be a text file of lines key=value.",
                    e);
        }
        Map<String, String> settings = new TreeMap<>();
        properties.forEach(
                (key, value) -> settings.put(key.toString(), value.toString().strip()));
        return settings;
    }

    private Map<String, String> fromEnvironment() {
        Map<String, String> settings = new TreeMap<>();
        environment.forEach((name, value) -> {
            if (name.startsWith(KAFKA_PREFIX) && !name.equals(KAFKA_CONFIG_VARIABLE)) {
                settings.put(
                        name.substring(KAFKA_PREFIX.length())
                                .toLowerCase(Locale.ROOT)
                                .replace('_', '.'),
                        value);
            }
        });
        return settings;
    }

    private static String variable(String key) {
        return key.toUpperCase(Locale.ROOT).replace('.', '_');
    }
}
