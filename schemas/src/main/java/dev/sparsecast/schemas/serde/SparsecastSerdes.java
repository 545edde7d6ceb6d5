package dev.sparsecast.schemas.serde;

import dev.sparsecast.schemas.ActivationNorms;
import dev.sparsecast.schemas.ActivationStatistics;
import dev.sparsecast.schemas.DriftReport;
import dev.sparsecast.schemas.Prompt;
import dev.sparsecast.schemas.SubModelCommand;
import dev.sparsecast.schemas.SubModelDecision;
import dev.sparsecast.schemas.SubModelDeployment;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import java.util.HashMap;
import java.util.Map;
import org.apache.avro.util.ClassSecurityValidator;
import org.apache.kafka.common.serialization.Serde;

/**
 * Serdes for the values of all topics: Avro in Confluent's wire format, subjects by TopicNameStrategy. Keys are plain
 * UTF-8 strings. Each call makes a new serde, which the caller closes.
 */
public final class SparsecastSerdes {
    private static final String GENERATED = dev.sparsecast.schemas.avro.Prompt.class.getPackageName();

    static {
        // Avro makes objects only of classes that it was told to trust: ours, beside its own defaults.
        ClassSecurityValidator.setGlobal(ClassSecurityValidator.composite(
                ClassSecurityValidator.getGlobal(),
                type -> type.getPackageName().equals(GENERATED)));
    }

    private final Map<String, Object> settings;

    public SparsecastSerdes(ClusterSettings cluster) {
        Map<String, Object> own = new HashMap<>();
        own.put("schema.registry.url", cluster.schemaRegistryUrl());
        own.put("specific.avro.reader", true);
        cluster.kafka().forEach((key, value) -> {
            if (key.startsWith("schema.registry.") || key.startsWith("basic.auth.") || key.startsWith("bearer.auth.")) {
                own.put(key, value);
            }
        });
        this.settings = Map.copyOf(own);
    }

    /** Values of {@code prompts.<language>}. */
    public Serde<Prompt> prompts() {
        return new RecordSerde<>(Mappings.PROMPT, settings);
    }

    /** Values of {@code activation-norms}. */
    public Serde<ActivationNorms> activationNorms() {
        return new RecordSerde<>(Mappings.NORMS, settings);
    }

    /** Values of {@code activation-statistics}. */
    public Serde<ActivationStatistics> activationStatistics() {
        return new RecordSerde<>(Mappings.STATISTICS, settings);
    }

    /** Values of {@code activation-drift}. */
    public Serde<DriftReport> driftReports() {
        return new RecordSerde<>(Mappings.DRIFT, settings);
    }

    /** Values of {@code submodel-releases}. */
    public Serde<SubModelRelease> releases() {
        return new RecordSerde<>(ReleaseMapping.RELEASE, settings);
    }

    /** Values of {@code submodel-deployments}. */
    public Serde<SubModelDeployment> deployments() {
        return new RecordSerde<>(Mappings.DEPLOYMENT, settings);
    }

    /** Values of {@code submodel-commands}. */
    public Serde<SubModelCommand> commands() {
        return new RecordSerde<>(CommandMapping.COMMAND, settings);
    }

    /** Values of {@code submodel-decisions}. */
    public Serde<SubModelDecision> decisions() {
        return new RecordSerde<>(CommandMapping.DECISION, settings);
    }
}
