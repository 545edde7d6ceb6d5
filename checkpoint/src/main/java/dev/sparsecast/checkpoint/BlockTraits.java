package dev.sparsecast.checkpoint;

import java.util.OptionalInt;

/**
 * In what the decoder block of a model differs from that of the first Llama. Families are combinations of these.
 *
 * @param activation the nonlinearity of the gate
 * @param queryKeyValueBias whether q, k and v add a bias
 * @param attentionOutputBias whether o adds a bias
 * @param mlpBias whether gate, up and down add a bias
 * @param headNorms whether every query and key head passes an RMSNorm of its own before it is turned
 * @param onePlusNorms whether an RMSNorm's gain is one plus its weight
 * @param scaledEmbedding whether embeddings are multiplied by the root of the hidden size
 * @param slidingWindow how many positions back, its own included, a position attends to; absent: all
 */
public record BlockTraits(
        GateActivation activation,
        boolean queryKeyValueBias,
        boolean attentionOutputBias,
        boolean mlpBias,
        boolean headNorms,
        boolean onePlusNorms,
        boolean scaledEmbedding,
        OptionalInt slidingWindow) {
    /** The block of the first Llama. */
    public static final BlockTraits LLAMA =
            new BlockTraits(GateActivation.SILU, false, false, false, false, false, false, OptionalInt.empty());

    /** Whether the linear layer adds a bias; {@code module} is relative to the block, such as {@code self_attn.q_proj}. */
    public boolean hasBias(String module) {
        return switch (module) {
            case "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj" -> queryKeyValueBias;
            case "self_attn.o_proj" -> attentionOutputBias;
            case "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj" -> mlpBias;
            default -> throw new IllegalArgumentException("no such module: " + module);
        };
    }
}
