package dev.sparsecast.worker.model;

import dev.sparsecast.checkpoint.ModelConfig;
import dev.sparsecast.checkpoint.Weights;
import dev.sparsecast.worker.device.DeviceArray;
import dev.sparsecast.worker.device.DeviceScope;
import org.jspecify.annotations.Nullable;

/**
 * The weights of a block's attention: projections to queries, keys and values, norms of their heads if the model has them,
 * and the projection back.
 *
 * @param queryNorm norm of every query head, before it is turned; null if the model has none
 * @param keyNorm the same of keys
 */
record SelfAttention(
        Linear query,
        Linear key,
        Linear value,
        Linear output,
        @Nullable RmsNorm queryNorm,
        @Nullable RmsNorm keyNorm) {

    static SelfAttention load(DeviceScope scope, Weights weights, String prefix) {
        boolean headNorms = weights.config().traits().headNorms();
        return new SelfAttention(
                Linear.load(scope, weights, prefix, "self_attn.q_proj"),
                Linear.load(scope, weights, prefix, "self_attn.k_proj"),
                Linear.load(scope, weights, prefix, "self_attn.v_proj"),
                Linear.load(scope, weights, prefix, "self_attn.o_proj"),
                headNorms ? RmsNorm.load(scope, weights, prefix + "self_attn.q_norm") : null,
                headNorms ? RmsNorm.load(scope, weights, prefix + "self_attn.k_norm") : null);
    }

    /** What the heads attend to, [batch, position, heads · headDim]: the input of {@link #output}. */
    DeviceArray attend(DeviceArray input, ModelConfig config, RotaryEmbedding rotary, CausalAttention attention) {
        DeviceArray queries = heads(query.apply(input), config.heads(), config.headDim());
        DeviceArray keys = heads(key.apply(input), config.keyValueHeads(), config.headDim());
        DeviceArray values = heads(value.apply(input), config.keyValueHeads(), config.headDim());
        return attention.apply(
                rotary.apply(queryNorm == null ? queries : queryNorm.apply(queries)),
                rotary.apply(keyNorm == null ? keys : keyNorm.apply(keys)),
                values);
    }

    private static DeviceArray heads(DeviceArray projected, int heads, int headDim) {
        return projected.reshape(projected.size(0), projected.size(1), heads, headDim);
    }
}
