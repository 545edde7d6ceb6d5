package dev.sparsecast.wanda.selection;

import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.LSHR;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Prunes the lowest scores of every group of eight columns: each score's rank in its group is how many others come before
 * it in a stable sort. In {@link PairedOrder} a group is four lanes of one vector and the same four of the next.
 */
final class RankOfEight implements VectorKernel.RowMasker {
    private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_256;
    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_256;
    private static final int LANES = INTS.length();
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private static final VectorShuffle<Integer> BY_ONE = rotation(1);
    private static final VectorShuffle<Integer> BY_TWO = rotation(2);
    private static final VectorShuffle<Integer> BY_THREE = rotation(3);

    /** -1 in the lanes where the other score has the lower column, which comes first among equals. */
    private static final IntVector WRAP_ONE = ties(1, 0);

    private static final IntVector WRAP_TWO = ties(2, 0);
    private static final IntVector WRAP_THREE = ties(3, 0);
    private static final IntVector ODD_IS_LOWER_ZERO = ties(0, 1);
    private static final IntVector EVEN_IS_LOWER_ZERO = ties(0, -1);
    private static final IntVector ODD_IS_LOWER_ONE = ties(1, 1);
    private static final IntVector EVEN_IS_LOWER_ONE = ties(1, -1);
    private static final IntVector ODD_IS_LOWER_TWO = ties(2, 1);
    private static final IntVector EVEN_IS_LOWER_TWO = ties(2, -1);
    private static final IntVector ODD_IS_LOWER_THREE = ties(3, 1);
    private static final IntVector EVEN_IS_LOWER_THREE = ties(3, -1);

    private final byte[] bits;
    private final int pruned;

    /** @param columns padded to whole words of mask bits */
    RankOfEight(int columns, int pruned) {
        this.bits = new byte[columns / LANES];
        this.pruned = pruned;
    }

    private static VectorShuffle<Integer> rotation(int distance) {
        return VectorShuffle.fromOp(INTS, lane -> lane / 4 * 4 + (lane + distance) % 4);
    }

    /** @param offset column of the other score less this one's, if they were in the same lane */
    private static IntVector ties(int distance, int offset) {
        int[] ties = new int[LANES];
        for (int lane = 0; lane < LANES; lane++) {
            int other = lane / 4 * 4 + (lane + distance) % 4;
            ties[lane] = 2 * other + offset < 2 * lane ? -1 : 0;
        }
        return IntVector.fromArray(INTS, ties, 0);
    }

    @Override
    public void begin(float sum) {}

    @Override
    public boolean finish() {
        return true;
    }

    @Override
    public byte[] bits() {
        return bits;
    }

    @Override
    public void scan(float[] magnitudes, int length, float[] norms, int start) {
        for (int position = 0; position < length; position += 2 * LANES) {
            IntVector even = score(magnitudes, position, norms, start + position);
            IntVector odd = score(magnitudes, position + LANES, norms, start + position + LANES);
            IntVector evenByOne = even.rearrange(BY_ONE);
            IntVector evenByTwo = even.rearrange(BY_TWO);
            IntVector evenByThree = even.rearrange(BY_THREE);
            IntVector oddByOne = odd.rearrange(BY_ONE);
            IntVector oddByTwo = odd.rearrange(BY_TWO);
            IntVector oddByThree = odd.rearrange(BY_THREE);
            IntVector evenRank = comesFirst(evenByOne, even, WRAP_ONE)
                    .add(comesFirst(evenByTwo, even, WRAP_TWO))
                    .add(comesFirst(evenByThree, even, WRAP_THREE))
                    .add(comesFirst(odd, even, ODD_IS_LOWER_ZERO))
                    .add(comesFirst(oddByOne, even, ODD_IS_LOWER_ONE))
                    .add(comesFirst(oddByTwo, even, ODD_IS_LOWER_TWO))
                    .add(comesFirst(oddByThree, even, ODD_IS_LOWER_THREE));
            IntVector oddRank = comesFirst(oddByOne, odd, WRAP_ONE)
                    .add(comesFirst(oddByTwo, odd, WRAP_TWO))
                    .add(comesFirst(oddByThree, odd, WRAP_THREE))
                    .add(comesFirst(even, odd, EVEN_IS_LOWER_ZERO))
                    .add(comesFirst(evenByOne, odd, EVEN_IS_LOWER_ONE))
                    .add(comesFirst(evenByTwo, odd, EVEN_IS_LOWER_TWO))
                    .add(comesFirst(evenByThree, odd, EVEN_IS_LOWER_THREE));
            bits[(start + position) / LANES] =
                    (byte) evenRank.compare(GE, pruned).toLong();
            bits[(start + position) / LANES + 1] =
                    (byte) oddRank.compare(GE, pruned).toLong();
        }
        for (int i = start / LANES; i < (start + length) / LANES; i += Long.BYTES) {
            LONGS.set(bits, i, PairedOrder.toColumns((long) LONGS.get(bits, i)));
        }
    }

    /** 1 where the other score comes before this one: then the difference is negative, and its sign is bit 31. */
    private static IntVector comesFirst(IntVector other, IntVector score, IntVector tie) {
        return other.add(tie).sub(score).lanewise(LSHR, Integer.SIZE - 1);
    }

    private static IntVector score(float[] magnitudes, int position, float[] norms, int column) {
        return FloatVector.fromArray(FLOATS, magnitudes, position)
                .mul(FloatVector.fromArray(FLOATS, norms, column))
                .reinterpretAsInts();
    }
}
