package dev.sparsecast.checkpoint;

import java.util.ArrayList;
import java.util.List;

/**
 * One prunable linear layer {@code y = x W^T} of a decoder block.
 *
 * @param layer index of the decoder block
 * @param tap the input vector it reads
 * @param name full module name, such as {@code model.layers.0.self_attn.q_proj}
 * @param rows output features
 * @param columns input features, the width of the tap
 */
public record PrunableModule(int layer, Tap tap, String name, int rows, int columns) {

    /** Name of the weight tensor, {@code <name>.weight}. */
    public String weight() {
        return name + ".weight";
    }

    /** Name of the bias tensor, {@code <name>.bias}, which only some models have. */
    public String bias() {
        return name + ".bias";
    }

    /** Whether the layer adds a bias in models of these traits. */
    public boolean hasBias(BlockTraits traits) {
        return traits.hasBias(name.substring(("model.layers." + layer + ".").length()));
    }

    /** Number of weights. */
    public long weights() {
        return (long) rows * columns;
    }

    /** Every prunable module of a model: by layer, within a layer in the order q, k, v, o, gate, up, down. */
    public static List<PrunableModule> of(ModelConfig config) {
        List<PrunableModule> modules = new ArrayList<>();
        for (int layer = 0; layer < config.layers(); layer++) {
            for (Tap tap : Tap.values()) {
                for (String relative : tap.modules()) {
                    String name = "model.layers." + layer + "." + relative;
                    modules.add(new PrunableModule(layer, tap, name, rows(relative, config), tap.channels(config)));
                }
            }
        }
        return List.copyOf(modules);
    }

    private static int rows(String relative, ModelConfig config) {
        return switch (relative) {
            case "self_attn.q_proj" -> config.heads() * config.headDim();
            case "self_attn.k_proj", "self_attn.v_proj" -> config.keyValueHeads() * config.headDim();
            case "self_attn.o_proj", "mlp.down_proj" -> config.hiddenSize();
            case "mlp.gate_proj", "mlp.up_proj" -> config.intermediateSize();
            default -> throw new IllegalStateException("no such module: " + relative);
        };
    }
}
