package dev.sparsecast.wanda.delta;

import java.lang.foreign.MemorySegment;

/** The flips of one column after the other, either written to a code or read from it. */
abstract sealed class ColumnCode {
    final NumberCode numbers;

    private ColumnCode(NumberCode numbers) {
        this.numbers = numbers;
    }

    /**
     * One column.
     *
     * @param candidates the bits that may flip
     * @param flips those of them that do: read by the encoder, filled (from all zero) by the decoder
     * @param kind see {@link NumberCode#count}
     * @param hint see {@link NumberCode#count}
     * @return how many flip
     */
    abstract int code(long[] candidates, long[] flips, int kind, int hint);

    static int count(long[] words) {
        int count = 0;
        for (long word : words) {
            count += Long.bitCount(word);
        }
        return count;
    }

    /** Writes. */
    static final class Encoder extends ColumnCode {
        private final RangeEncoder coder;

        Encoder() {
            this(new RangeEncoder(NumberCode.probabilities()));
        }

        private Encoder(RangeEncoder coder) {
            super(new NumberCode(coder));
            this.coder = coder;
        }

        @Override
        int code(long[] candidates, long[] flips, int kind, int hint) {
            int available = count(candidates);
            int flipping = numbers.count(count(flips), available, kind, hint);
            int passed = 0;
            int next = 0;
            int left = flipping;
            for (int word = 0; left > 0; word++) {
                for (long rest = flips[word]; rest != 0; rest &= rest - 1) {
                    int rank = passed + Long.bitCount(candidates[word] & Long.lowestOneBit(rest) - 1);
                    numbers.gap(rank - next, available - next, left--);
                    next = rank + 1;
                }
                passed += Long.bitCount(candidates[word]);
            }
            return flipping;
        }

        byte[] finish() {
            return coder.finish();
        }
    }

    /** Reads. */
    static final class Decoder extends ColumnCode {
        private final RangeDecoder coder;

        Decoder(MemorySegment code) {
            this(new RangeDecoder(NumberCode.probabilities(), code));
        }

        private Decoder(RangeDecoder coder) {
            super(new NumberCode(coder));
            this.coder = coder;
        }

        @Override
        int code(long[] candidates, long[] flips, int kind, int hint) {
            int available = count(candidates);
            int flipping = numbers.count(0, available, kind, hint);
            int word = 0;
            int passed = 0;
            int next = 0;
            for (int left = flipping; left > 0; left--) {
                int rank = next + numbers.gap(0, available - next, left);
                for (int here = Long.bitCount(candidates[word]);
                        passed + here <= rank;
                        here = Long.bitCount(candidates[word])) {
                    passed += here;
                    word++;
                }
                flips[word] |= Long.expand(1L << rank - passed, candidates[word]);
                next = rank + 1;
            }
            return flipping;
        }

        void checkEnd() {
            coder.checkEnd();
        }
    }
}
