package dev.sparsecast.worker.model;

import dev.sparsecast.checkpoint.ModelConfig;
import dev.sparsecast.checkpoint.Tap;
import dev.sparsecast.checkpoint.Weights;
import dev.sparsecast.worker.device.DeviceArray;
import dev.sparsecast.worker.device.DeviceScope;

/**
 * The weights of one decoder block of the Llama kind (Touvron et al. 2023, arXiv 2302.13971), and what they do to a batch.
 * What families differ in is in the parts, which read it from the model's traits.
 */
record DecoderBlock(int layer, RmsNorm attentionNorm, SelfAttention attention, RmsNorm mlpNorm, GatedMlp mlp) {

    /** Sees the input vectors of a block's linear layers, [batch, position, channel], while they are on the device. */
    interface Taps {
        void at(int layer, Tap tap, DeviceArray vectors);
    }

    static DecoderBlock load(DeviceScope scope, Weights weights, int layer) {
        String prefix = "model.layers." + layer + ".";
        return new DecoderBlock(
                layer,
                RmsNorm.load(scope, weights, prefix + "input_layernorm"),
                SelfAttention.load(scope, weights, prefix),
                RmsNorm.load(scope, weights, prefix + "post_attention_layernorm"),
                GatedMlp.load(scope, weights, prefix));
    }

    /** The residual stream [batch, position, hidden] after the block. */
    DeviceArray apply(
            DeviceArray residual, ModelConfig config, RotaryEmbedding rotary, CausalAttention causal, Taps taps) {
        DeviceArray attentionInput = attentionNorm.apply(residual);
        taps.at(layer, Tap.ATTENTION_INPUT, attentionInput);
        DeviceArray attended = attention.attend(attentionInput, config, rotary, causal);
        taps.at(layer, Tap.ATTENTION_OUTPUT, attended);
        DeviceArray middle = residual.plus(attention.output().apply(attended));

        DeviceArray mlpInput = mlpNorm.apply(middle);
        taps.at(layer, Tap.MLP_INPUT, mlpInput);
        DeviceArray mlpHidden = mlp.hidden(mlpInput);
        taps.at(layer, Tap.MLP_HIDDEN, mlpHidden);
        return middle.add(mlp.down().apply(mlpHidden));
    }
}
