package dev.sparsecast.streams.statistics;

import java.time.Duration;

/**
 * When epochs close and how fast the past fades.
 *
 * @param length length of an epoch of stream time
 * @param grace an epoch closes this long after its end by stream time; later flushes are counted all the same, and the
 *     statistics are published again
 * @param idleGrace an epoch closes this long after its end by wall clock, for partitions in which nothing moves stream time
 * @param sealAfter an epoch is folded into the totals this long after its end by stream time; more than the workers'
 *     transaction timeout, since no flush becomes visible later than that
 * @param halfLifeTokens number of further tokens after which a flush weighs half in the decayed totals
 */
public record EpochSettings(
        Duration length, Duration grace, Duration idleGrace, Duration sealAfter, double halfLifeTokens) {
    public EpochSettings {
        if (length.toMillis() < 1) {
            throw new IllegalArgumentException("the epoch length must be at least 1 ms, but is " + length);
        }
        if (grace.isNegative()) {
            throw new IllegalArgumentException("the epoch grace must not be negative, but is " + grace);
        }
        if (idleGrace.compareTo(grace) < 0) {
            throw new IllegalArgumentException(
                    "the idle grace must not be shorter than the epoch grace of " + grace + ", but is " + idleGrace);
        }
        if (sealAfter.compareTo(grace) < 0) {
            throw new IllegalArgumentException(
                    "the time to seal must not be shorter than the epoch grace of " + grace + ", but is " + sealAfter);
        }
        if (!(halfLifeTokens > 0)) {
            throw new IllegalArgumentException(
                    "the half-life must be a positive number of tokens, but is " + halfLifeTokens);
        }
    }

    /** For production: epochs of 30 s, a half-life of two million tokens. */
    public static EpochSettings defaults() {
        return new EpochSettings(
                Duration.ofSeconds(30),
                Duration.ofSeconds(5),
                Duration.ofSeconds(15),
                Duration.ofSeconds(90),
                2_000_000);
    }

    public EpochSettings withLength(Duration newLength) {
        return new EpochSettings(newLength, grace, idleGrace, sealAfter, halfLifeTokens);
    }

    public EpochSettings withHalfLifeTokens(double newHalfLifeTokens) {
        return new EpochSettings(length, grace, idleGrace, sealAfter, newHalfLifeTokens);
    }

    /** The epoch that an instant lies in. */
    long epochOf(long millis) {
        return Math.floorDiv(millis, length.toMillis());
    }

    /** The newest epoch that is closed when stream time stands there. */
    long closedByStreamTime(long millis) {
        return newestEndedBefore(millis, grace);
    }

    /** The newest epoch that is closed when the wall clock stands there. */
    long closedByWallClock(long millis) {
        return newestEndedBefore(millis, idleGrace);
    }

    /** The newest epoch that is sealed when stream time stands there. */
    long sealedByStreamTime(long millis) {
        return newestEndedBefore(millis, sealAfter);
    }

    /** How often to look at the wall clock. */
    Duration tick() {
        return Duration.ofMillis(Math.clamp(length.toMillis() / 4, 25, 1000));
    }

    private long newestEndedBefore(long millis, Duration delay) {
        return epochOf(millis - delay.toMillis()) - 1;
    }
}
