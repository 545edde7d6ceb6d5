package dev.sparsecast.worker.model;

import dev.sparsecast.checkpoint.GateActivation;
import dev.sparsecast.checkpoint.Weights;
import dev.sparsecast.worker.device.DeviceArray;
import dev.sparsecast.worker.device.DeviceScope;

/** The weights of a block's gated MLP, {@code (f(x W_gate) · (x W_up)) W_down} (Shazeer 2020, arXiv 2002.05202). */
record GatedMlp(GateActivation activation, Linear gate, Linear up, Linear down) {

    static GatedMlp load(DeviceScope scope, Weights weights, String prefix) {
        return new GatedMlp(
                weights.config().traits().activation(),
                Linear.load(scope, weights, prefix, "mlp.gate_proj"),
                Linear.load(scope, weights, prefix, "mlp.up_proj"),
                Linear.load(scope, weights, prefix, "mlp.down_proj"));
    }

    /** The hidden vector, [batch, position, intermediate]: the input of {@link #down}. */
    DeviceArray hidden(DeviceArray input) {
        DeviceArray gated = gate.apply(input);
        return switch (activation) {
            case SILU -> gated.siluTimes(up.apply(input));
            case GELU_TANH -> gated.geluTanhTimes(up.apply(input));
        };
    }
}
