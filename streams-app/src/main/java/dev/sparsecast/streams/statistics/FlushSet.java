package dev.sparsecast.streams.statistics;

import dev.sparsecast.schemas.ActivationNorms;
import dev.sparsecast.schemas.FlushDigest;
import dev.sparsecast.schemas.SourceSketch;
import dev.sparsecast.streams.state.StateReader;
import dev.sparsecast.streams.state.StateWriter;

/**
 * Which flushes some sums contain, without the sums. Adding commutes, so that the order of arrival leaves no trace.
 *
 * @param flushes how many
 * @param digest which
 * @param tokens tokens of all of them
 * @param newestMillis instant of the newest; {@link Long#MIN_VALUE} when there is none
 * @param mostSources largest number of different sources in one of them
 * @param sources the different sources in all of them, as far as workers told which
 */
record FlushSet(
        long flushes, FlushDigest digest, long tokens, long newestMillis, long mostSources, SourceSketch sources) {
    static final FlushSet EMPTY = new FlushSet(0, FlushDigest.EMPTY, 0, Long.MIN_VALUE, 0, SourceSketch.EMPTY);

    static FlushSet of(ActivationNorms norms) {
        return new FlushSet(
                1,
                FlushDigest.EMPTY.plus(norms.flushId()),
                norms.tokens(),
                norms.flushedAt().toEpochMilli(),
                norms.distinctSources(),
                norms.sources());
    }

    /** The union with another set, which must be disjoint. */
    FlushSet plus(FlushSet other) {
        return new FlushSet(
                flushes + other.flushes,
                digest.plus(other.digest),
                tokens + other.tokens,
                Math.max(newestMillis, other.newestMillis),
                Math.max(mostSources, other.mostSources),
                sources.plus(other.sources));
    }

    /** About how many different sources; never fewer than there are known to be. */
    long distinctSources() {
        return Math.max(mostSources, sources.estimate());
    }

    void write(StateWriter out) {
        out.putLong(flushes)
                .putLong(digest.value())
                .putLong(tokens)
                .putLong(newestMillis)
                .putLong(mostSources)
                .putBytes(sources.toBytes());
    }

    static FlushSet read(StateReader in) {
        FlushSet set = readVersion1(in);
        SourceSketch sources = SourceSketch.ofBytes(in.getBytes());
        return new FlushSet(set.flushes, set.digest, set.tokens, set.newestMillis, set.mostSources, sources);
    }

    /** As it was before there were sketches. */
    static FlushSet readVersion1(StateReader in) {
        return new FlushSet(
                in.getLong(),
                new FlushDigest(in.getLong()),
                in.getLong(),
                in.getLong(),
                in.getLong(),
                SourceSketch.EMPTY);
    }
}
