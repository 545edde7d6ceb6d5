package dev.sparsecast.checkpoint;

/**
 * Rotary position embedding: channel pair i of a head turns by {@code position · f_i}, with {@code f_i = θ^(-2i/d)} before
 * scaling (Su et al. 2021, arXiv 2104.09864, eq. 34).
 *
 * @param theta the base θ
 * @param scaling what is done to the frequencies
 */
public record RotaryPositions(double theta, Scaling scaling) {
    /** A change of the frequencies for sequences longer than those of pre-training. */
    public sealed interface Scaling {}

    /** None. */
    public record Unscaled() implements Scaling {}

    /** All frequencies divided by a factor: position interpolation (Chen et al. 2023, arXiv 2306.15595). */
    public record Linear(double factor) implements Scaling {}

    /**
     * Llama 3.1's: with {@code w = 2π/f}, frequencies stay where {@code w < original/high}, are divided by the factor where
     * {@code w > original/low}, and are blended between the two.
     *
     * @param factor the divisor of low frequencies
     * @param lowFrequencyFactor {@code low}
     * @param highFrequencyFactor {@code high}
     * @param originalMaxPositions {@code original}, the longest sequence of pre-training
     */
    public record Llama3(double factor, double lowFrequencyFactor, double highFrequencyFactor, int originalMaxPositions)
            implements Scaling {
        private float scaled(float frequency) {
            float wavelength = (float) (2 * Math.PI) / frequency;
            float divided = frequency / (float) factor;
            if (wavelength < originalMaxPositions / highFrequencyFactor) {
                return frequency;
            }
            if (wavelength > originalMaxPositions / lowFrequencyFactor) {
                return divided;
            }
            double share = (originalMaxPositions / wavelength - lowFrequencyFactor)
                    / (highFrequencyFactor - lowFrequencyFactor);
            return (float) ((1 - share) * divided + share * frequency);
        }
    }

    /** Unscaled positions of a base. */
    public static RotaryPositions unscaled(double theta) {
        return new RotaryPositions(theta, new Unscaled());
    }

    /**
     * The frequencies {@code f_i} of a head's channel pairs, scaled, and rounded to float32 where transformers rounds.
     *
     * @param headDim width of one head, even
     * @return {@code headDim / 2} frequencies, in radians a position
     */
    public float[] frequencies(int headDim) {
        float[] frequencies = new float[headDim / 2];
        for (int i = 0; i < frequencies.length; i++) {
            float plain = 1f / (float) Math.pow(theta, (float) (2 * i) / headDim);
            frequencies[i] = switch (scaling) {
                case Unscaled() -> plain;
                case Linear(double factor) -> plain / (float) factor;
                case Llama3 llama3 -> llama3.scaled(plain);
            };
        }
        return frequencies;
    }
}
