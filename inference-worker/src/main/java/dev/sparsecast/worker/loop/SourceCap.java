package dev.sparsecast.worker.loop;

import java.time.Duration;

/**
 * How much one source may add to the statistics of a group, so that no client steers them alone. In every window, as far
 * as a worker has come, of the tokens that it counted in a group no source has more than {@code freeTokens} or
 * {@code share} of them, whichever is more.
 *
 * @param share above 0 and at most 1; 1 is no cap
 * @param freeTokens tokens of a source that are counted in each window whatever its share, so that a window can begin
 * @param window after which counting begins anew; that of the streams app's epochs is a good one
 * @param excess what becomes of a prompt that would be too much
 */
public record SourceCap(double share, long freeTokens, Duration window, Excess excess) {
    public static final long DEFAULT_FREE_TOKENS = 4096;
    public static final Duration DEFAULT_WINDOW = Duration.ofSeconds(30);

    /** Every prompt counts. */
    public static final SourceCap NONE = new SourceCap(1, DEFAULT_FREE_TOKENS, DEFAULT_WINDOW, Excess.SKIP);

    /** What becomes of a prompt of which its source has too much already. */
    public enum Excess {
        /** It is passed over, and counted as such. */
        SKIP,
        /** It goes to the dead letters, from where it can be sent again. */
        REJECT
    }

    public SourceCap {
        if (!(share > 0 && share <= 1)) {
            throw new IllegalArgumentException(
                    "the share of a source must be above 0 and at most 1, which is no cap; not " + share);
        }
        if (freeTokens < 0) {
            throw new IllegalArgumentException("the free tokens of a source must be at least 0, not " + freeTokens);
        }
        if (!window.isPositive()) {
            throw new IllegalArgumentException("the window of the sources' shares must be longer than 0");
        }
    }

    boolean isNone() {
        return share == 1;
    }
}
