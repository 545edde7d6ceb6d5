package dev.sparsecast.worker.model;

import dev.sparsecast.checkpoint.Weights;
import dev.sparsecast.worker.device.DeviceArray;
import dev.sparsecast.worker.device.DeviceScope;
import org.jspecify.annotations.Nullable;

/**
 * A linear layer {@code y = x W^T + b}.
 *
 * @param weight W, [out, in]
 * @param bias b, [out]; null if the layer has none
 */
record Linear(DeviceArray weight, @Nullable DeviceArray bias) {

    /** The layer {@code module} of the block that {@code prefix} names, with a bias if the model's traits give it one. */
    static Linear load(DeviceScope scope, Weights weights, String prefix, String module) {
        String name = prefix + module;
        return new Linear(
                scope.of(weights.tensor(name + ".weight")),
                weights.config().traits().hasBias(module) ? scope.of(weights.tensor(name + ".bias")) : null);
    }

    /** From [..., in] to [..., out]. */
    DeviceArray apply(DeviceArray x) {
        return bias == null ? x.linear(weight) : x.linear(weight, bias);
    }
}
