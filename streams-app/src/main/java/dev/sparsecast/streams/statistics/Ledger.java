package dev.sparsecast.streams.statistics;

import dev.sparsecast.streams.state.StateReader;
import dev.sparsecast.streams.state.StateWriter;
import java.util.Collections;
import java.util.NavigableMap;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * What is kept of one key, without the sums themselves: small enough that all ledgers of a partition are held in memory.
 *
 * @param epochMillis length of the epochs
 * @param shape what all its norms have in common
 * @param sealed flushes folded into the totals
 * @param open flushes of each epoch that is not folded yet
 * @param published flushes in the statistics published last
 * @param publishedThrough newest epoch that those took in; {@link Long#MIN_VALUE} if none were published
 */
record Ledger(
        long epochMillis,
        Shape shape,
        FlushSet sealed,
        NavigableMap<Long, FlushSet> open,
        FlushSet published,
        long publishedThrough) {
    Ledger {
        open = Collections.unmodifiableNavigableMap(new TreeMap<>(open));
    }

    static Ledger start(long epochMillis, Shape shape) {
        return new Ledger(epochMillis, shape, FlushSet.EMPTY, new TreeMap<>(), FlushSet.EMPTY, Long.MIN_VALUE);
    }

    /** Flushes up to and including an epoch. */
    FlushSet through(long epoch) {
        return union(sealed, open.headMap(epoch, true));
    }

    /** All flushes. */
    FlushSet all() {
        return union(sealed, open);
    }

    private static FlushSet union(FlushSet start, SortedMap<Long, FlushSet> more) {
        FlushSet union = start;
        for (FlushSet set : more.values()) {
            union = union.plus(set);
        }
        return union;
    }

    Ledger plus(long epoch, FlushSet flush) {
        NavigableMap<Long, FlushSet> changed = new TreeMap<>(open);
        changed.merge(epoch, flush, FlushSet::plus);
        return new Ledger(epochMillis, shape, sealed, changed, published, publishedThrough);
    }

    Ledger sealedThrough(long epoch) {
        return new Ledger(epochMillis, shape, through(epoch), open.tailMap(epoch, false), published, publishedThrough);
    }

    Ledger published(FlushSet contents, long through) {
        return new Ledger(epochMillis, shape, sealed, open, contents, through);
    }

    void write(StateWriter out) {
        out.putLong(epochMillis);
        shape.write(out);
        sealed.write(out);
        out.putInt(open.size());
        open.forEach((epoch, flushes) -> {
            out.putLong(epoch);
            flushes.write(out);
        });
        published.write(out);
        out.putLong(publishedThrough);
    }

    static Ledger read(StateReader in) {
        return read(in, FlushSet::read);
    }

    /** As it was before flush sets had sketches of their sources. */
    static Ledger readVersion1(StateReader in) {
        return read(in, FlushSet::readVersion1);
    }

    private static Ledger read(StateReader in, Function<StateReader, FlushSet> set) {
        long epochMillis = in.getLong();
        Shape shape = Shape.read(in);
        FlushSet sealed = set.apply(in);
        NavigableMap<Long, FlushSet> open = new TreeMap<>();
        for (int left = in.getInt(); left > 0; left--) {
            open.put(in.getLong(), set.apply(in));
        }
        return new Ledger(epochMillis, shape, sealed, open, set.apply(in), in.getLong());
    }
}
