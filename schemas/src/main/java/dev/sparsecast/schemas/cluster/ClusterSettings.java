package dev.sparsecast.schemas.cluster;

import java.util.HashMap;
import java.util.Map;

/**
 * Where the broker and the registry are, and settings for the Kafka clients.
 *
 * @param bootstrapServers {@code host:port}, several separated by commas
 * @param schemaRegistryUrl base URL of a registry that speaks Confluent's API; {@code mock://name} for tests without one
 * @param kafka further settings for every Kafka client (security, timeouts); they win over Sparsecast's own defaults
 */
public record ClusterSettings(String bootstrapServers, String schemaRegistryUrl, Map<String, String> kafka) {
    public ClusterSettings {
        kafka = Map.copyOf(kafka);
    }

    public ClusterSettings(String bootstrapServers, String schemaRegistryUrl) {
        this(bootstrapServers, schemaRegistryUrl, Map.of());
    }

    /**
     * Settings of one client: a service's own, then the user's over them.
     *
     * @param own what the service sets
     */
    public Map<String, Object> client(Map<String, ?> own) {
        Map<String, Object> settings = new HashMap<>();
        settings.put("bootstrap.servers", bootstrapServers);
        settings.putAll(own);
        settings.putAll(kafka);
        return settings;
    }
}
