package dev.sparsecast.wanda.delta;

/**
 * One side of a binary arithmetic coder. Encoder and decoder have the same methods, so that whatever is built on them is
 * written once: the encoder takes values and returns them, the decoder ignores what it is given and returns what it reads.
 */
interface BinaryCoder {
    /**
     * A bit whose probability is learnt.
     *
     * @param context number of the adaptive probability, see {@link AdaptiveBits}
     */
    boolean bit(int context, boolean bit);

    /**
     * Bits that are 0 or 1 alike.
     *
     * @param count at most 16
     */
    int bits(int count, int value);
}
