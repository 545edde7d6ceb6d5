package dev.sparsecast.worker.model;

import dev.sparsecast.checkpoint.Weights;
import dev.sparsecast.worker.device.DeviceArray;
import dev.sparsecast.worker.device.DeviceScope;

/**
 * Root-mean-square normalization, {@code x / sqrt(mean(x²) + ε) · g} (Zhang and Sennrich 2019, arXiv 1910.07467, eq. 4).
 *
 * @param gain g, a value a channel: the weight in the file, or one plus it, as the model's traits say
 * @param epsilon ε
 */
record RmsNorm(DeviceArray gain, double epsilon) {

    /** The norm of a name, such as {@code model.norm}. */
    static RmsNorm load(DeviceScope scope, Weights weights, String name) {
        DeviceArray weight = scope.of(weights.tensor(name + ".weight"));
        boolean onePlus = weights.config().traits().onePlusNorms();
        return new RmsNorm(onePlus ? weight.plus(1) : weight, weights.config().rmsNormEpsilon());
    }

    /** Normalizes the last dimension, the channels. */
    DeviceArray apply(DeviceArray x) {
        return x.rmsNorm(gain, epsilon);
    }
}
