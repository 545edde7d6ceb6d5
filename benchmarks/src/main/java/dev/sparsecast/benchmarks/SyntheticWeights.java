package dev.sparsecast.benchmarks;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;

/** Weights and norms made up for measurements. */
final class SyntheticWeights {
    private static final float[] NORMAL = new float[1 << 16];

    static {
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < NORMAL.length; i++) {
            NORMAL[i] = (float) (0.02 * random.nextGaussian());
        }
    }

    private SyntheticWeights() {}

    /**
     * Writes a matrix of normal bfloat16, with row scales that vary by 10 %, from an element on; returns the one after the
     * last.
     */
    static long fill(MemorySegment data, long index, int rows, int columns, SplittableRandom random) {
        long at = index;
        for (int row = 0; row < rows; row++) {
            float scale = (float) Math.exp(0.1 * random.nextGaussian());
            for (int column = 0; column < columns; column++) {
                float value = scale * NORMAL[random.nextInt() >>> 16];
                data.setAtIndex(
                        ValueLayout.JAVA_SHORT_UNALIGNED, at++, (short) (Float.floatToRawIntBits(value) >>> 16));
            }
        }
        return at;
    }

    /** Log-normal norms. */
    static float[] norms(int columns, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] norms = new float[columns];
        for (int i = 0; i < columns; i++) {
            norms[i] = (float) Math.exp(0.5 * random.nextGaussian());
        }
        return norms;
    }
}
