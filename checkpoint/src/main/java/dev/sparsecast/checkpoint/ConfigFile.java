package dev.sparsecast.checkpoint;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Reads {@code config.json}. Absent fields have the defaults of transformers' configuration class of the family; a value
 * that would change the computation in a way that is not implemented is refused by name.
 */
final class ConfigFile {
    private final Path file;
    private final JsonNode root;

    private ConfigFile(Path file, JsonNode root) {
        this.file = file;
        this.root = root;
    }

    static ModelConfig read(Path file) {
        ConfigFile config = new ConfigFile(file, object(file));
        return switch (config.family()) {
            case LLAMA -> config.llama();
        };
    }

    /** The JSON object of a file. */
    static JsonNode object(Path file) {
        JsonNode root;
        try {
            root = StrictJson.read(Files.readString(file));
        } catch (CharacterCodingException e) {
            throw new CheckpointException(file + " is damaged: it is not UTF-8", e);
        } catch (IOException e) {
            throw new CheckpointException("cannot read " + file + ": " + e.getMessage(), e);
        } catch (JacksonException e) {
            throw new CheckpointException(file + " is not valid JSON: " + StrictJson.reason(e), e);
        }
        if (!root.isObject()) {
            throw new CheckpointException(file + " does not hold a JSON object");
        }
        return root;
    }

    private ModelFamily family() {
        JsonNode architectures = present(root, "architectures");
        if (architectures == null || !architectures.isArray() || architectures.size() != 1) {
            throw new CheckpointException(file + " must name one architecture, but has architectures " + architectures
                    + "; supported are " + ModelFamily.supported());
        }
        String name = architectures.get(0).asString("");
        return ModelFamily.ofArchitecture(name)
                .orElseThrow(() -> new CheckpointException(file + " has the architecture '" + name
                        + "', which is not supported; supported are " + ModelFamily.supported()));
    }

    private ModelConfig llama() {
        refuseUnless("hidden_act", "silu");
        refuseTrue("attention_bias");
        refuseTrue("mlp_bias");
        if (present(root, "quantization_config") != null) {
            throw new CheckpointException(
                    file + " has a quantization_config; quantized checkpoints are not supported, use the original one");
        }
        int heads = size("num_attention_heads");
        int hiddenSize = size("hidden_size");
        ModelConfig config = ModelConfig.llama(
                hiddenSize,
                size("intermediate_size"),
                size("num_hidden_layers"),
                heads,
                size("num_key_value_heads", heads),
                headDim(hiddenSize, heads),
                size("vocab_size"),
                size("max_position_embeddings", 2048),
                positive(root, "rms_norm_eps", 1e-6),
                ropeTheta(),
                flag("tie_word_embeddings"));
        checkHeads(config);
        return config;
    }

    private int headDim(int hiddenSize, int heads) {
        if (present(root, "head_dim") != null) {
            return size("head_dim");
        }
        if (hiddenSize % heads != 0) {
            throw new CheckpointException(file + " has the hidden_size " + hiddenSize
                    + ", which is not divisible by its num_attention_heads " + heads + ", and no head_dim");
        }
        return hiddenSize / heads;
    }

    private void checkHeads(ModelConfig config) {
        if (config.heads() % config.keyValueHeads() != 0) {
            throw new CheckpointException(file + " has num_attention_heads " + config.heads()
                    + ", which is not divisible by its num_key_value_heads " + config.keyValueHeads());
        }
        if (config.headDim() % 2 != 0) {
            throw new CheckpointException(
                    file + " has the head_dim " + config.headDim() + "; rotary positions need an even one");
        }
        if ((long) config.heads() * config.headDim() > Integer.MAX_VALUE) {
            throw new CheckpointException(file + " has num_attention_heads " + config.heads() + " of head_dim "
                    + config.headDim() + ", which is too large");
        }
    }

    /** {@code rope_theta}, or the one in {@code rope_parameters}, where newer versions of transformers write it. */
    private double ropeTheta() {
        checkRope("rope_scaling");
        checkRope("rope_parameters");
        double theta = positive(root, "rope_theta", 10_000);
        JsonNode parameters = present(root, "rope_parameters");
        return parameters == null ? theta : positive(parameters, "rope_theta", theta);
    }

    /** Refuses rotary positions of any type but the plain one, and any field that such a type would bring. */
    private void checkRope(String name) {
        JsonNode rope = present(root, name);
        if (rope == null) {
            return;
        }
        if (!rope.isObject()) {
            throw new CheckpointException(file + " has the " + name + " " + rope + ", expected an object");
        }
        for (var property : rope.properties()) {
            String value = property.getValue().asString("");
            boolean known =
                    switch (property.getKey()) {
                        case "type", "rope_type" -> value.equals("default");
                        case "rope_theta" -> true;
                        case "partial_rotary_factor" -> property.getValue().asDouble(0) == 1;
                        default -> property.getValue().isNull();
                    };
            if (!known) {
                throw new CheckpointException(file + " has " + name + " with " + property.getKey() + " "
                        + property.getValue() + ", which is not supported; supported is the rope_type \"default\"");
            }
        }
    }

    private void refuseUnless(String name, String supported) {
        JsonNode node = present(root, name);
        if (node != null && !node.asString("").equals(supported)) {
            throw new CheckpointException(
                    file + " has " + name + " " + node + ", which is not supported; supported is " + supported);
        }
    }

    private void refuseTrue(String name) {
        if (flag(name)) {
            throw new CheckpointException(file + " has " + name + " true, which is not supported for "
                    + root.get("architectures").get(0).asString(""));
        }
    }

    private boolean flag(String name) {
        JsonNode node = present(root, name);
        if (node != null && !node.isBoolean()) {
            throw new CheckpointException(file + " has the " + name + " " + node + ", expected true or false");
        }
        return node != null && node.booleanValue();
    }

    private int size(String name) {
        JsonNode node = present(root, name);
        if (node == null) {
            throw new CheckpointException(file + " has no " + name);
        }
        return size(name, node);
    }

    private int size(String name, int otherwise) {
        JsonNode node = present(root, name);
        return node == null ? otherwise : size(name, node);
    }

    private int size(String name, JsonNode node) {
        if (!node.isIntegralNumber() || !node.canConvertToInt() || node.intValue() <= 0) {
            throw new CheckpointException(
                    file + " has the " + name + " " + node + ", expected a positive whole number");
        }
        return node.intValue();
    }

    private double positive(JsonNode parent, String name, double otherwise) {
        JsonNode node = present(parent, name);
        if (node == null) {
            return otherwise;
        }
        if (!node.isNumber() || !(node.doubleValue() > 0) || Double.isInfinite(node.doubleValue())) {
            throw new CheckpointException(file + " has the " + name + " " + node + ", expected a positive number");
        }
        return node.doubleValue();
    }

    private static @Nullable JsonNode present(JsonNode parent, String name) {
        JsonNode node = parent.get(name);
        return node == null || node.isNull() ? null : node;
    }
}
