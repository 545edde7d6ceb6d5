package dev.sparsecast.streams.statistics;

import dev.sparsecast.schemas.Totals;

/**
 * Lifetime and decayed totals up to some epoch. The decayed totals go forward one epoch at a time:
 *
 * <pre>D(e) = D(e-1) * 2^(-T(e) / H) + X(e)</pre>
 *
 * with the sums {@code X(e)} and the tokens {@code T(e)} of the epoch and the half-life {@code H}. They depend on what
 * the epochs contain, not on when it arrived.
 */
record RunningSums(Totals lifetime, Totals decayed) {
    /** What has come before the first epoch. */
    static RunningSums none(Shape shape) {
        return new RunningSums(new Accumulator(shape).toTotals(), new Accumulator(shape).toTotals());
    }

    /**
     * These sums moved forward by some epochs.
     *
     * @param epochs sums of the epochs, oldest first
     */
    RunningSums then(Iterable<Totals> epochs, double halfLifeTokens) {
        Accumulator lifetimes = Accumulator.copyOf(lifetime);
        Accumulator fading = Accumulator.copyOf(decayed);
        for (Totals epoch : epochs) {
            lifetimes.add(epoch);
            fading.fade(StrictMath.pow(2, -epoch.tokens() / halfLifeTokens), epoch);
        }
        return new RunningSums(lifetimes.toTotals(), fading.toTotals());
    }
}
