package dev.sparsecast.checkpoint;

import java.util.List;

/** A distinct input vector of prunable linear layers in a decoder block. */
public enum Tap {
    ATTENTION_INPUT("attention_input", List.of("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj")),
    ATTENTION_OUTPUT("attention_output", List.of("self_attn.o_proj")),
    MLP_INPUT("mlp_input", List.of("mlp.gate_proj", "mlp.up_proj")),
    MLP_HIDDEN("mlp_hidden", List.of("mlp.down_proj"));

    private final String label;

    @SuppressWarnings("ImmutableEnumChecker") // only ever a List.of
    private final List<String> modules;

    Tap(String label, List<String> modules) {
        this.label = label;
        this.modules = modules;
    }

    /** The tap's name in topics, files and the console, such as {@code attention_input}. */
    public String label() {
        return label;
    }

    /** The linear layers that read this vector, relative to the decoder block, such as {@code self_attn.q_proj}. */
    public List<String> modules() {
        return modules;
    }

    /** Width of the vector in a model. */
    public int channels(ModelConfig config) {
        return switch (this) {
            case ATTENTION_INPUT, MLP_INPUT -> config.hiddenSize();
            case ATTENTION_OUTPUT -> config.heads() * config.headDim();
            case MLP_HIDDEN -> config.intermediateSize();
        };
    }

    /**
     * The tap of a label.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static Tap ofLabel(String label) {
        for (Tap tap : values()) {
            if (tap.label.equals(label)) {
                return tap;
            }
        }
        throw new IllegalArgumentException("unknown tap '" + label + "'");
    }
}
