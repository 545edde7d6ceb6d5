package dev.sparsecast.wanda.selection;

/** Scores as integers: the bits of a float that is not negative order as the float does. */
final class Scores {
    /** Bits of positive infinity; anything from here on is infinite or NaN. */
    static final int INFINITY = 0x7f80_0000;

    /** All bits of a float but its sign. */
    static final int MAGNITUDE = 0x7fff_ffff;

    private Scores() {}
}
