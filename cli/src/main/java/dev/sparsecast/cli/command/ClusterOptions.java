package dev.sparsecast.cli.command;

import dev.sparsecast.cli.cluster.ClusterCheck;
import dev.sparsecast.cli.cluster.ClusterConfiguration;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where the cluster is. Options win over the environment, which wins over the file; see {@link ClusterConfiguration}. */
public final class ClusterOptions {
    @Option(
            names = "--bootstrap-servers",
            paramLabel = "HOST:PORT[,...]",
            description = "Kafka brokers (environment: SPARSECAST_BOOTSTRAP_SERVERS).")
    private @Nullable String bootstrapServers;

    @Option(
            names = "--schema-registry-url",
            paramLabel = "URL",
            description = "Schema registry with Confluent's API (environment: SPARSECAST_SCHEMA_REGISTRY_URL).")
    private @Nullable String schemaRegistryUrl;

    @Option(
            names = "--kafka-config",
            paramLabel = "FILE",
            description = "Kafka client settings, lines of key=value (environment: SPARSECAST_KAFKA_CONFIG).")
    private @Nullable Path kafkaConfig;

    @Option(
            names = "--kafka",
            paramLabel = "KEY=VALUE",
            description = "One Kafka client setting; also --kafka.KEY=VALUE (environment: SPARSECAST_KAFKA_KEY, with"
                    + " underscores for dots). Options win over the environment, which wins over the file.")
    private Map<String, String> kafka = new LinkedHashMap<>();

    /** What was asked for, without a look at whether it is there. */
    public ClusterSettings settings() {
        return configuration().settings();
    }

    /** The same for a command that needs no registry, once a broker has answered. */
    ClusterSettings connectToBroker() {
        ClusterSettings settings = configuration().brokerSettings();
        ClusterCheck.requireBroker(settings);
        return settings;
    }

    private ClusterConfiguration configuration() {
        return new ClusterConfiguration(bootstrapServers, schemaRegistryUrl, kafkaConfig, kafka, System.getenv());
    }

    /** What was asked for, once broker and registry have answered. */
    public ClusterSettings connect() {
        ClusterSettings settings = settings();
        ClusterCheck.require(settings);
        return settings;
    }
}
