package dev.sparsecast.worker.model;

import dev.sparsecast.checkpoint.RotaryPositions;
import dev.sparsecast.worker.device.DeviceArray;
import dev.sparsecast.worker.device.DeviceScope;

/**
 * Rotary position embedding (Su et al. 2021, arXiv 2104.09864, eq. 34) in the half-split form of the Llama checkpoints:
 * channel i of the first half of a head turns with channel i of the second half by the angle position · f_i; {@link RotaryPositions} says what f_i is.
 */
final class RotaryEmbedding {
    private final DeviceArray cosines;
    private final DeviceArray sines;

    private RotaryEmbedding(DeviceArray cosines, DeviceArray sines) {
        this.cosines = cosines;
        this.sines = sines;
    }

    /** The angles of positions 0 to {@code positions} - 1; angles are rounded to float32 where transformers rounds them. */
    static RotaryEmbedding of(DeviceScope scope, int positions, int headDim, RotaryPositions rotary) {
        int half = headDim / 2;
        float[] frequencies = rotary.frequencies(headDim);
        float[] cos = new float[positions * half];
        float[] sin = new float[positions * half];
        for (int i = 0; i < half; i++) {
            for (int position = 0; position < positions; position++) {
                float angle = position * frequencies[i];
                cos[position * half + i] = (float) Math.cos(angle);
                sin[position * half + i] = (float) Math.sin(angle);
            }
        }
        return new RotaryEmbedding(scope.of(cos, positions, 1, half), scope.of(sin, positions, 1, half));
    }

    /** Turns heads [batch, position, head, channel]. */
    DeviceArray apply(DeviceArray heads) {
        long channels = heads.size(3);
        DeviceArray first = heads.slice(3, 0, channels / 2);
        DeviceArray second = heads.slice(3, channels / 2, channels);
        DeviceArray turnedFirst = first.times(cosines).minus(second.times(sines));
        DeviceArray turnedSecond = second.times(cosines).add(first.times(sines));
        return DeviceArray.concatenate(3, turnedFirst, turnedSecond);
    }
}
