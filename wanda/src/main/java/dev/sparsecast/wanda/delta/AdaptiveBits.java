package dev.sparsecast.wanda.delta;

import java.util.Arrays;

/**
 * Probabilities that follow what they see: after {@code n} bits each moves by {@code 1/(n + 1.5)} of its error, as the
 * estimator of Krichevsky and Trofimov does, and from {@value #LIMIT} bits on by a constant share. Integers only, so that
 * encoder and decoder agree on every machine.
 */
final class AdaptiveBits {
    /** Bits of a probability. */
    static final int BITS = 12;

    private static final int LIMIT = 250;
    private static final int ONE = 1 << 16;
    private static final int[] SHARE = new int[LIMIT + 1];

    static {
        for (int seen = 0; seen <= LIMIT; seen++) {
            SHARE[seen] = 2 * ONE / (2 * seen + 3);
        }
    }

    private final int[] probability;
    private final byte[] seen;

    AdaptiveBits(int contexts) {
        probability = new int[contexts];
        Arrays.fill(probability, ONE / 2);
        seen = new byte[contexts];
    }

    /** Probability of a one, in (0, 2^{@value #BITS}). */
    int ofOne(int context) {
        return Math.clamp(probability[context] >>> 16 - BITS, 1, (1 << BITS) - 1);
    }

    void learn(int context, boolean bit) {
        int count = seen[context] & 0xff;
        int error = (bit ? ONE : 0) - probability[context];
        probability[context] += (int) ((long) error * SHARE[count] >> 16);
        if (count < LIMIT) {
            seen[context]++;
        }
    }
}
