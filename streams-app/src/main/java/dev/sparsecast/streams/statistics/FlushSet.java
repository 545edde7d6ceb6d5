package dev.sparsecast.streams.statistics;

import dev.sparsecast.schemas.ActivationNorms;
import dev.sparsecast.schemas.FlushDigest;
import dev.sparsecast.streams.state.StateReader;
import dev.sparsecast.streams.state.StateWriter;

/**
 * Which flushes some sums contain, without the sums. Adding commutes, so that the order of arrival leaves no trace.
 *
 * @param flushes how many
 * @param digest which
 * @param tokens tokens of all of them
 * @param newestMillis instant of the newest; {@link Long#MIN_VALUE} when there is none
 * @param distinctSources largest number of different sources in one of them
 */
record FlushSet(long flushes, FlushDigest digest, long tokens, long newestMillis, long distinctSources) {
    static final FlushSet EMPTY = new FlushSet(0, FlushDigest.EMPTY, 0, Long.MIN_VALUE, 0);

    static FlushSet of(ActivationNorms norms) {
        return new FlushSet(
                1,
                FlushDigest.EMPTY.plus(norms.flushId()),
                norms.tokens(),
                norms.flushedAt().toEpochMilli(),
                norms.distinctSources());
    }

    /** The union with another set, which must be disjoint. */
    FlushSet plus(FlushSet other) {
        return new FlushSet(
                flushes + other.flushes,
                digest.plus(other.digest),
                tokens + other.tokens,
                Math.max(newestMillis, other.newestMillis),
                Math.max(distinctSources, other.distinctSources));
    }

    void write(StateWriter out) {
        out.putLong(flushes)
                .putLong(digest.value())
                .putLong(tokens)
                .putLong(newestMillis)
                .putLong(distinctSources);
    }

    static FlushSet read(StateReader in) {
        return new FlushSet(in.getLong(), new FlushDigest(in.getLong()), in.getLong(), in.getLong(), in.getLong());
    }
}
