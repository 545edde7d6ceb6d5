package dev.sparsecast.checkpoint;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/** The families of decoder-only transformers that Sparsecast can run and prune. */
public enum ModelFamily {
    /** Llama 1 and 2, CodeLlama, SmolLM: RMSNorm, rotary positions, grouped-query attention, gated SiLU MLP, no biases. */
    LLAMA("LlamaForCausalLM");

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
