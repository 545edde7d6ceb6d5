package dev.sparsecast.checkpoint;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/** The families of decoder-only transformers that Sparsecast can run and prune. */
public enum ModelFamily {
    /** Llama 1 to 3, CodeLlama, SmolLM: RMSNorm, rotary positions, grouped-query attention, gated SiLU MLP. */
    LLAMA("LlamaForCausalLM"),

    /** Mistral and Codestral: as Llama, attending within a sliding window. */
    MISTRAL("MistralForCausalLM"),

    /** Qwen2 and Qwen2.5: as Llama, with biases on queries, keys and values. */
    QWEN2("Qwen2ForCausalLM"),

    /** Qwen3: as Llama, with an RMSNorm of every query and key head. */
    QWEN3("Qwen3ForCausalLM"),

    /** The first Gemma: as Llama, with norms of gain 1 + w, scaled embeddings and a GELU gate. */
    GEMMA("GemmaForCausalLM");

    private final String architecture;

    ModelFamily(String architecture) {
        this.architecture = architecture;
    }

    /** The class that transformers would load, as {@code config.json} names it. */
    public String architecture() {
        return architecture;
    }

    /** The family of an architecture, if it is supported. */
    public static Optional<ModelFamily> ofArchitecture(String architecture) {
        return Arrays.stream(values())
                .filter(family -> family.architecture.equals(architecture))
                .findFirst();
    }

    /** The supported architectures, for messages. */
    static String supported() {
        return Arrays.stream(values()).map(ModelFamily::architecture).collect(Collectors.joining(", "));
    }
}
