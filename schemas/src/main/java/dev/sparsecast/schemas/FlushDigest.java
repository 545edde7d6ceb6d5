package dev.sparsecast.schemas;

/**
 * Order-independent digest of a set of flushes: the wrapping sum of the 64-bit hashes of their ids. Equal digests (with
 * equal token counts) mean equal sets; adding is commutative, so the order in which flushes arrive does not matter.
 *
 * @param value the sum
 */
public record FlushDigest(long value) {
    public static final FlushDigest EMPTY = new FlushDigest(0);

    /** The digest of this set with one more flush. */
    public FlushDigest plus(String flushId) {
        return new FlushDigest(value + StableHash.of(flushId));
    }

    /** The digest of the union of two disjoint sets. */
    public FlushDigest plus(FlushDigest other) {
        return new FlushDigest(value + other.value);
    }

    @Override
    public String toString() {
        return String.format("%016x", value);
    }
}
