package dev.sparsecast.wanda.selection;

/**
 * The order of columns in the vector kernel's scratch memory: of every 16 columns first the 8 even ones, then the 8 odd
 * ones. A vector of 32-bit lanes holds 16 bfloat16, an even and an odd column in each lane, and a shift or a mask makes 8
 * float32 of it, where the natural order would take several shuffles.
 */
final class PairedOrder {
    private static final int PAIRS = 8;
    private static final long EVEN_BYTES = 0x00ff_00ff_00ff_00ffL;
    private static final long EVEN_BITS = 0x5555_5555_5555_5555L;

    private PairedOrder() {}

    /** Where a column lies. */
    static int position(int column) {
        int pair = column % (2 * PAIRS) / 2;
        return column / (2 * PAIRS) * (2 * PAIRS) + column % 2 * PAIRS + pair;
    }

    /** Mask bits of 64 positions in the order of their columns. */
    static long toColumns(long positions) {
        return Long.expand(Long.compress(positions, EVEN_BYTES), EVEN_BITS)
                | Long.expand(Long.compress(positions, ~EVEN_BYTES), ~EVEN_BITS);
    }
}
