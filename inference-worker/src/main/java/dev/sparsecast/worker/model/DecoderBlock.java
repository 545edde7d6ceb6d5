package dev.sparsecast.worker.model;

import dev.sparsecast.checkpoint.ModelConfig;
import dev.sparsecast.checkpoint.Tap;
import dev.sparsecast.checkpoint.Weights;
import dev.sparsecast.worker.device.DeviceArray;
import dev.sparsecast.worker.device.DeviceScope;

/** The weights of one Llama decoder block (Touvron et al. 2023, arXiv 2302.13971), and what they do to a batch. */
record DecoderBlock(
        int layer,
        DeviceArray attentionNorm,
        DeviceArray query,
        DeviceArray key,
        DeviceArray value,
        DeviceArray attentionOutput,
        DeviceArray mlpNorm,
        DeviceArray gate,
        DeviceArray up,
        DeviceArray down) {

    /** Sees the input vectors of a block's linear layers, [batch, position, channel], while they are on the device. */
    interface Taps {
        void at(int layer, Tap tap, DeviceArray vectors);
    }

    static DecoderBlock load(DeviceScope scope, Weights weights, int layer) {
        String prefix = "model.layers." + layer + ".";
        return new DecoderBlock(
                layer,
                scope.of(weights.tensor(prefix + "input_layernorm.weight")),
                scope.of(weights.tensor(prefix + "self_attn.q_proj.weight")),
                scope.of(weights.tensor(prefix + "self_attn.k_proj.weight")),
                scope.of(weights.tensor(prefix + "self_attn.v_proj.weight")),
                scope.of(weights.tensor(prefix + "self_attn.o_proj.weight")),
                scope.of(weights.tensor(prefix + "post_attention_layernorm.weight")),
                scope.of(weights.tensor(prefix + "mlp.gate_proj.weight")),
                scope.of(weights.tensor(prefix + "mlp.up_proj.weight")),
                scope.of(weights.tensor(prefix + "mlp.down_proj.weight")));
    }

    /** The residual stream [batch, position, hidden] after the block. */
    DeviceArray apply(
            DeviceArray residual, ModelConfig config, RotaryEmbedding rotary, CausalAttention attention, Taps taps) {
        DeviceArray attentionInput = residual.rmsNorm(attentionNorm, config.rmsNormEpsilon());
        taps.at(layer, Tap.ATTENTION_INPUT, attentionInput);
        DeviceArray attended = attention.apply(
                rotary.apply(heads(attentionInput.linear(query), config.heads(), config)),
                rotary.apply(heads(attentionInput.linear(key), config.keyValueHeads(), config)),
                heads(attentionInput.linear(value), config.keyValueHeads(), config));
        taps.at(layer, Tap.ATTENTION_OUTPUT, attended);
        DeviceArray middle = residual.plus(attended.linear(attentionOutput));

        DeviceArray mlpInput = middle.rmsNorm(mlpNorm, config.rmsNormEpsilon());
        taps.at(layer, Tap.MLP_INPUT, mlpInput);
        DeviceArray mlpHidden = mlpInput.linear(gate).siluTimes(mlpInput.linear(up));
        taps.at(layer, Tap.MLP_HIDDEN, mlpHidden);
        return middle.add(mlpHidden.linear(down));
    }

    private static DeviceArray heads(DeviceArray projected, int heads, ModelConfig config) {
        return projected.reshape(projected.size(0), projected.size(1), heads, config.headDim());
    }
}
