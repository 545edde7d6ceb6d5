package dev.sparsecast.wanda.mask;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Counting bits of masks, 64 at a time. The loops count in {@code int}s, which is what it takes for the JVM to turn them
 * into vector instructions: with a {@code long} they are several times slower.
 */
final class MaskBits {
    /** Bytes of a stretch that one loop runs over. */
    private static final long STRETCH = 1L << 30;

    private MaskBits() {}

    /**
     * How two masks lie on each other.
     *
     * @param both bits set in both: the population of {@code a AND b}
     * @param either bits set in at least one: that of {@code a OR b}; less {@code both} it is that of {@code a XOR b}
     */
    record Overlap(long both, long either) {
        Overlap plus(Overlap other) {
            return new Overlap(both + other.both, either + other.either);
        }
    }

    /** Number of bits set. */
    static long count(MemorySegment bits) {
        return overlap(bits, bits).both();
    }

    /** @param b of the size of {@code a} */
    static Overlap overlap(MemorySegment a, MemorySegment b) {
        Overlap total = new Overlap(0, 0);
        for (long from = 0; from < a.byteSize(); from += STRETCH) {
            long size = Math.min(STRETCH, a.byteSize() - from);
            total = total.plus(stretch(a.asSlice(from, size), b.asSlice(from, size)));
        }
        return total;
    }

    private static Overlap stretch(MemorySegment a, MemorySegment b) {
        int words = (int) (a.byteSize() / Long.BYTES);
        long both = 0;
        long either = 0;
        for (int word = 0; word < words; word++) {
            long x = a.get(Mask.LONG, (long) Long.BYTES * word);
            long y = b.get(Mask.LONG, (long) Long.BYTES * word);
            both += Long.bitCount(x & y);
            either += Long.bitCount(x | y);
        }
        for (long offset = (long) words * Long.BYTES; offset < a.byteSize(); offset++) {
            int x = a.get(ValueLayout.JAVA_BYTE, offset) & 0xff;
            int y = b.get(ValueLayout.JAVA_BYTE, offset) & 0xff;
            both += Integer.bitCount(x & y);
            either += Integer.bitCount(x | y);
        }
        return new Overlap(both, either);
    }
}
