package dev.sparsecast.streams.drift;

/**
 * When recent activations count as drifted. A measurement is made whenever a further part of the window is full.
 *
 * @param windowTokens tokens of the recent window
 * @param windowParts parts that the window moves on by; also what the noise is learned from
 * @param learningParts differences between parts that must be seen before the noise floor is trusted
 * @param factor effects above this many noise floors count as drift
 * @param exitFactor drift is over when the effect falls below this many noise floors
 * @param minimumEffect smaller effects never count as drift, however low the noise
 * @param consecutive measurements in a row that must be above before drift is established; a part that is several times
 *     its size counts for as many
 * @param keptSnapshots newest statistics whose activations are remembered, to take the reference of a release from
 */
public record DriftSettings(
        long windowTokens,
        int windowParts,
        int learningParts,
        double factor,
        double exitFactor,
        double minimumEffect,
        int consecutive,
        int keptSnapshots) {
    public DriftSettings {
        if (windowParts < 1) {
            throw new IllegalArgumentException("the drift window needs at least 1 part, but has " + windowParts);
        }
        if (windowTokens < windowParts) {
            throw new IllegalArgumentException("the drift window must have at least a token in each of its "
                    + windowParts + " parts, but has " + windowTokens);
        }
        if (learningParts < 1) {
            throw new IllegalArgumentException(
                    "the noise floor needs at least 1 part to learn from, but is given " + learningParts);
        }
        if (!(exitFactor > 0)) {
            throw new IllegalArgumentException("the drift exit factor must be positive, but is " + exitFactor);
        }
        if (!(factor >= exitFactor) || Double.isInfinite(factor)) {
            throw new IllegalArgumentException(
                    "the drift factor must be at least the exit factor of " + exitFactor + ", but is " + factor);
        }
        if (!(minimumEffect >= 0) || Double.isInfinite(minimumEffect)) {
            throw new IllegalArgumentException(
                    "the minimum drift effect must not be negative, but is " + minimumEffect);
        }
        if (consecutive < 1) {
            throw new IllegalArgumentException(
                    "drift must be seen in at least 1 measurement, but is asked for in " + consecutive);
        }
        if (keptSnapshots < 1) {
            throw new IllegalArgumentException(
                    "at least 1 snapshot must be kept, but " + keptSnapshots + " are asked for");
        }
    }

    /** For production: windows of 100,000 tokens. */
    public static DriftSettings defaults() {
        return new DriftSettings(100_000, 4, 4, 2, 1.5, 0.02, 2, 8);
    }

    /** As used where drift must be seen within a few thousand tokens (docs/drift.md tells how these were found). */
    public static DriftSettings small() {
        return new DriftSettings(3_000, 3, 3, 1.3, 1.15, 0.02, 2, 8);
    }

    /** Tokens of a part. */
    long partTokens() {
        return windowTokens / windowParts;
    }
}
