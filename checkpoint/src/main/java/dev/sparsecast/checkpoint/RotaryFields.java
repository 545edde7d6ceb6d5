package dev.sparsecast.checkpoint;

import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Reads rotary positions from {@code config.json}: {@code rope_theta} and {@code rope_scaling}, as transformers 4 writes
 * them, or {@code rope_parameters}, as transformers 5 does. Where both are written, what transformers 5 makes of them.
 */
final class RotaryFields {
    private static final double DEFAULT_THETA = 10_000;
    private static final Set<String> OF_EVERY_TYPE = Set.of("type", "rope_type", "rope_theta", "partial_rotary_factor");
    private static final String SUPPORTED = "the rope_type \"default\", \"linear\" or \"llama3\" over whole heads";

    private RotaryFields() {}

    static RotaryPositions read(ConfigFields config, int maxPositions) {
        refusePartial(config, config.present("partial_rotary_factor"), "");
        ConfigFields scaling = object(config, "rope_scaling");
        ConfigFields parameters = object(config, "rope_parameters");
        double theta = config.positive("rope_theta", DEFAULT_THETA);
        if (scaling != null) {
            return read(config, scaling, "rope_scaling", theta, maxPositions);
        }
        if (parameters != null) {
            return read(config, parameters, "rope_parameters", theta, maxPositions);
        }
        return RotaryPositions.unscaled(theta);
    }

    /** The fields of an object that is there and not empty. */
    private static @Nullable ConfigFields object(ConfigFields config, String name) {
        JsonNode node = config.present(name);
        if (node == null) {
            return null;
        }
        if (!node.isObject()) {
            throw config.refused(name, node, "expected an object");
        }
        return node.isEmpty() ? null : new ConfigFields(config.file(), node);
    }

    private static RotaryPositions read(
            ConfigFields config, ConfigFields rope, String name, double otherTheta, int maxPositions) {
        String key = rope.present("rope_type") == null ? "type" : "rope_type";
        String type = rope.text(key, "default");
        RotaryPositions.Scaling scaling =
                switch (type) {
                    case "default" -> unscaled(rope, name);
                    case "linear" -> linear(rope, name);
                    case "llama3" -> llama3(config, rope, name, maxPositions);
                    default -> throw rope.notSupported(name + " with " + key, rope.present(key) + "", SUPPORTED);
                };
        refusePartial(rope, rope.present("partial_rotary_factor"), name + " with ");
        return new RotaryPositions(rope.positive("rope_theta", otherTheta), scaling);
    }

    private static RotaryPositions.Scaling unscaled(ConfigFields rope, String name) {
        refuseOthers(rope, name, Set.of());
        return new RotaryPositions.Unscaled();
    }

    private static RotaryPositions.Scaling linear(ConfigFields rope, String name) {
        refuseOthers(rope, name, Set.of("factor"));
        return new RotaryPositions.Linear(rope.positive("factor"));
    }

    private static RotaryPositions.Scaling llama3(
            ConfigFields config, ConfigFields rope, String name, int maxPositions) {
        String original = "original_max_position_embeddings";
        refuseOthers(rope, name, Set.of("factor", "low_freq_factor", "high_freq_factor", original));
        double low = rope.positive("low_freq_factor");
        double high = rope.positive("high_freq_factor");
        if (low >= high) {
            throw rope.refused(
                    "low_freq_factor",
                    rope.present("low_freq_factor"),
                    "expected less than its high_freq_factor " + high);
        }
        // Written beside the object, it takes precedence; written nowhere, it is the model's longest sequence.
        int positions = config.size(original, rope.size(original, maxPositions));
        return new RotaryPositions.Llama3(rope.positive("factor"), low, high, positions);
    }

    /** Fields that a type does not have belong to a computation that is not implemented. */
    private static void refuseOthers(ConfigFields rope, String name, Set<String> ofThisType) {
        rope.object().properties().forEach(property -> {
            String key = property.getKey();
            if (!OF_EVERY_TYPE.contains(key)
                    && !ofThisType.contains(key)
                    && !property.getValue().isNull()) {
                throw rope.notSupported(name + " with " + key, property.getValue(), SUPPORTED);
            }
        });
    }

    private static void refusePartial(ConfigFields fields, @Nullable JsonNode factor, String where) {
        if (factor != null && factor.asDouble(0) != 1) {
            throw fields.notSupported(where + "partial_rotary_factor", factor, SUPPORTED);
        }
    }
}
