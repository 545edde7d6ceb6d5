package dev.sparsecast.worker.model;

import dev.sparsecast.checkpoint.Weights;
import dev.sparsecast.worker.device.ComputeDevice;
import dev.sparsecast.worker.device.DeviceScope;
import dev.sparsecast.worker.device.Precision;
import dev.sparsecast.worker.device.TorchEngine;
import dev.sparsecast.worker.script.DecoderScript;

/** The ways to run a model in float32, all of which must come to the same. */
enum Arithmetic {
    /** Operations on arrays, one by one. */
    PLAIN,
    /** The script for processors. */
    SCRIPT,
    /** The script for GPUs, run on the processor. */
    GPU_SCRIPT;

    LanguageModel load(Weights weights) {
        return load(weights, ModelOptions.defaults());
    }

    LanguageModel load(Weights weights, ModelOptions options) {
        return switch (this) {
            case PLAIN -> LanguageModel.load(weights, options.plainly());
            case SCRIPT -> LanguageModel.load(weights, options);
            case GPU_SCRIPT -> {
                TorchEngine.start(0);
                DecoderScript script = new DecoderScript(weights.config(), Precision.FLOAT32, ComputeDevice.gpu(0));
                DeviceScope scope = DeviceScope.root(ComputeDevice.CPU);
                yield new LanguageModel(weights.config(), options, new ScriptDecoder(weights, script, scope));
            }
        };
    }
}
