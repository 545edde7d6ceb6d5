package dev.sparsecast.checkpoint;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Reads {@code config.json}. Absent fields have the defaults of transformers' configuration class of the family, apart
 * from the sizes that make up the model, which must be there. A value that would change the computation in a way that is
 * not implemented is refused by name; fields that transformers does not read for the family are not read here either.
 */
final class ConfigFile {
    /** That of Mistral and of Qwen. */
    private static final int DEFAULT_WINDOW = 4096;

    private final ModelFamily family;
    private final ConfigFields fields;

    private ConfigFile(ModelFamily family, ConfigFields fields) {
        this.family = family;
        this.fields = fields;
    }

    static ModelConfig read(Path file) {
        ConfigFields fields = new ConfigFields(file, object(file));
        return new ConfigFile(family(fields), fields).model();
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

    private static ModelFamily family(ConfigFields fields) {
        JsonNode architectures = fields.present("architectures");
        if (architectures == null || !architectures.isArray() || architectures.size() != 1) {
            throw new CheckpointException(fields.file() + " must name one architecture, but has architectures "
                    + architectures + "; supported are " + ModelFamily.supported());
        }
        String name = architectures.get(0).asString("");
        return ModelFamily.ofArchitecture(name)
                .orElseThrow(() -> new CheckpointException(fields.file() + " has the architecture '" + name
                        + "', which is not supported; supported are " + ModelFamily.supported()));
    }

    /** What transformers' configuration class of a family takes for absent fields; 0 where it depends on other fields. */
    private record Defaults(int keyValueHeads, int headDim, int maxPositions, boolean tiedEmbeddings) {
        static Defaults of(ModelFamily family) {
            return switch (family) {
                case LLAMA -> new Defaults(0, 0, 2048, false);
                case MISTRAL -> new Defaults(8, 0, 131_072, false);
                case QWEN2 -> new Defaults(32, 0, 32_768, false);
                case QWEN3 -> new Defaults(32, 128, 32_768, false);
                case GEMMA -> new Defaults(16, 256, 8192, true);
            };
        }
    }

    private ModelConfig model() {
        refuseQuantized("quantization_config");
        refuseQuantized("compression_config");
        Defaults defaults = Defaults.of(family);
        int heads = fields.size("num_attention_heads");
        int hiddenSize = fields.size("hidden_size");
        int layers = fields.size("num_hidden_layers");
        int maxPositions = fields.size("max_position_embeddings", defaults.maxPositions());
        ModelConfig config = new ModelConfig(
                family,
                hiddenSize,
                fields.size("intermediate_size"),
                layers,
                heads,
                keyValueHeads(heads, defaults.keyValueHeads()),
                headDim(hiddenSize, heads, defaults.headDim()),
                fields.size("vocab_size"),
                maxPositions,
                fields.positive("rms_norm_eps", 1e-6),
                RotaryFields.read(fields, maxPositions),
                fields.flag("tie_word_embeddings", defaults.tiedEmbeddings()),
                traits(layers));
        checkHeads(config);
        return config;
    }

    private void refuseQuantized(String name) {
        if (fields.present(name) != null) {
            throw new CheckpointException(fields.file() + " has a " + name
                    + "; quantized checkpoints are not supported, use the original one");
        }
    }

    /** Null stands for as many as query heads, in every family; what absence stands for differs. */
    private int keyValueHeads(int heads, int otherwise) {
        boolean asManyAsHeads = fields.has("num_key_value_heads") || otherwise == 0;
        return fields.size("num_key_value_heads", asManyAsHeads ? heads : otherwise);
    }

    private int headDim(int hiddenSize, int heads, int otherwise) {
        if (otherwise != 0) {
            return fields.has("head_dim") ? fields.size("head_dim") : otherwise;
        }
        if (fields.present("head_dim") != null) {
            return fields.size("head_dim");
        }
        if (hiddenSize % heads != 0) {
            throw new CheckpointException(fields.file() + " has the hidden_size " + hiddenSize
                    + ", which is not divisible by its num_attention_heads " + heads + ", and no head_dim");
        }
        return hiddenSize / heads;
    }

    private void checkHeads(ModelConfig config) {
        if (config.heads() % config.keyValueHeads() != 0) {
            throw new CheckpointException(fields.file() + " has num_attention_heads " + config.heads()
                    + ", which is not divisible by its num_key_value_heads " + config.keyValueHeads());
        }
        if (config.headDim() % 2 != 0) {
            throw new CheckpointException(
                    fields.file() + " has the head_dim " + config.headDim() + "; rotary positions need an even one");
        }
        if ((long) config.heads() * config.headDim() > Integer.MAX_VALUE) {
            throw new CheckpointException(fields.file() + " has num_attention_heads " + config.heads() + " of head_dim "
                    + config.headDim() + ", which is too large");
        }
    }

    private BlockTraits traits(int layers) {
        boolean attentionBias =
                switch (family) {
                    case LLAMA, QWEN3, GEMMA -> fields.flag("attention_bias", false);
                    case MISTRAL, QWEN2 -> false;
                };
        OptionalInt slidingWindow =
                switch (family) {
                    case LLAMA, GEMMA -> OptionalInt.empty();
                    case MISTRAL -> window();
                    case QWEN2, QWEN3 -> windowOfAllLayers(layers);
                };
        if (family == ModelFamily.GEMMA && fields.flag("use_bidirectional_attention", false)) {
            throw fields.notSupported("use_bidirectional_attention", true, "false");
        }
        return new BlockTraits(
                activation(),
                attentionBias || family == ModelFamily.QWEN2,
                attentionBias,
                family == ModelFamily.LLAMA && fields.flag("mlp_bias", false),
                family == ModelFamily.QWEN3,
                family == ModelFamily.GEMMA,
                family == ModelFamily.GEMMA,
                slidingWindow);
    }

    private GateActivation activation() {
        if (family == ModelFamily.GEMMA) {
            // The first checkpoints say "gelu" and mean its approximation, and transformers reads them so. Its versions
            // disagree on what hidden_activation does if it says something else.
            String other = fields.text("hidden_activation", "gelu_pytorch_tanh");
            if (!other.equals("gelu_pytorch_tanh")) {
                throw fields.notSupported("hidden_activation", "\"" + other + "\"", "\"gelu_pytorch_tanh\"");
            }
            if (fields.text("hidden_act", "gelu").equals("gelu")) {
                return GateActivation.GELU_TANH;
            }
        }
        String name = fields.text("hidden_act", "silu");
        return switch (name) {
            case "silu" -> GateActivation.SILU;
            case "gelu_pytorch_tanh" -> GateActivation.GELU_TANH;
            default -> throw fields.notSupported("hidden_act", "\"" + name + "\"", "\"silu\" or \"gelu_pytorch_tanh\"");
        };
    }

    /** The width of the window; written as null, there is none. */
    private OptionalInt window() {
        if (!fields.has("sliding_window")) {
            return OptionalInt.of(DEFAULT_WINDOW);
        }
        return fields.present("sliding_window") == null
                ? OptionalInt.empty()
                : OptionalInt.of(fields.size("sliding_window"));
    }

    /** The window of a Qwen, which transformers can give to some of the layers. */
    private OptionalInt windowOfAllLayers(int layers) {
        OptionalInt window = fields.flag("use_sliding_window", false) ? window() : OptionalInt.empty();
        JsonNode types = fields.present("layer_types");
        int from = fields.count("max_window_layers", 28);
        int sliding =
                types == null ? (window.isEmpty() ? 0 : Math.max(0, layers - from)) : slidingLayers(types, layers);
        if (sliding == 0) {
            return OptionalInt.empty();
        }
        if (sliding < layers || window.isEmpty()) {
            String name = types == null ? "max_window_layers" : "layer_types";
            throw fields.notSupported(
                    name, types == null ? from : types, "one sliding_window in all " + layers + " layers, or none");
        }
        return window;
    }

    private int slidingLayers(JsonNode types, int layers) {
        if (!types.isArray() || types.size() != layers) {
            throw fields.refused("layer_types", types, "expected a list of " + layers);
        }
        int sliding = 0;
        for (JsonNode type : types) {
            switch (type.asString("")) {
                case "full_attention" -> {}
                case "sliding_attention" -> sliding++;
                default ->
                    throw fields.notSupported("layer_types", type, "\"full_attention\" or \"sliding_attention\"");
            }
        }
        return sliding;
    }
}
