package dev.sparsecast.wanda.selection;

import static jdk.incubator.vector.VectorOperators.LT;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Prunes the lowest scores of every group of four columns. Which of the four come first in a stable sort follows from the
 * six comparisons of one with another. In {@link PairedOrder} columns 0 and 2 of a group are neighbours in one vector, 1
 * and 3 in the other, so three comparisons of vectors make all six of four groups; a table turns them into mask bits.
 */
final class RankOfFour implements VectorKernel.RowMasker {
    /** Columns of a group. */
    static final int GROUP = 4;

    private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_256;
    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_256;
    private static final int LANES = INTS.length();
    private static final VectorShuffle<Integer> SWAP = VectorShuffle.fromOp(INTS, lane -> lane ^ 1);
    private static final VectorMask<Integer> ODD = VectorMask.fromLong(INTS, 0xaa);

    /** 1 in the even lanes: makes a comparison there true among equals. */
    private static final IntVector EVEN_ONE = IntVector.fromArray(INTS, new int[] {1, 0, 1, 0, 1, 0, 1, 0}, 0);

    /** For each number pruned and each outcome of the comparisons of two groups the mask bits of eight columns. */
    private static final byte[][] TABLES = {table(1), table(2), table(3)};

    private final byte[] bits;
    private final byte[] table;

    /** @param columns padded to whole words of mask bits */
    RankOfFour(int columns, int pruned) {
        this.bits = new byte[columns / LANES];
        this.table = pruned == 0 || pruned == 4 ? constant(pruned) : TABLES[pruned - 1];
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
            IntVector even = score(magnitudes, position, norms, start + position); // s0 s2 of each group
            IntVector odd = score(magnitudes, position + LANES, norms, start + position + LANES); // s1 s3
            IntVector swappedEven = even.rearrange(SWAP); // s2 s0
            IntVector swappedOdd = odd.rearrange(SWAP); // s3 s1
            // s1 < s0 and s3 < s2
            int within = (int) odd.compare(LT, even).toLong();
            // s0 <= s3 and s2 < s1
            int across = (int) even.compare(LT, swappedOdd.add(EVEN_ONE)).toLong();
            // s2 < s0 and s3 < s1
            int alike = (int) swappedEven
                    .blend(odd, ODD)
                    .compare(LT, even.blend(swappedOdd, ODD))
                    .toLong();
            bits[(start + position) / LANES] = table[(within & 0xf) | ((across & 0xf) << 4) | ((alike & 0xf) << 8)];
            bits[(start + position) / LANES + 1] =
                    table[((within >>> 4) & 0xf) | (across & 0xf0) | ((alike & 0xf0) << 4)];
        }
    }

    private static IntVector score(float[] magnitudes, int position, float[] norms, int column) {
        return FloatVector.fromArray(FLOATS, magnitudes, position)
                .mul(FloatVector.fromArray(FLOATS, norms, column))
                .reinterpretAsInts();
    }

    private static byte[] constant(int pruned) {
        byte[] table = new byte[1 << 12];
        Arrays.fill(table, (byte) (pruned == 0 ? -1 : 0));
        return table;
    }

    private static byte[] table(int pruned) {
        byte[] table = new byte[1 << 12];
        for (int outcome = 0; outcome < table.length; outcome++) {
            int first = kept(outcome & 3, (outcome >>> 4) & 3, (outcome >>> 8) & 3, pruned);
            int second = kept((outcome >>> 2) & 3, (outcome >>> 6) & 3, (outcome >>> 10) & 3, pruned);
            table[outcome] = (byte) (first | (second << 4));
        }
        return table;
    }

    /** The mask bits of a group: a score is kept if enough others come before it. */
    private static int kept(int within, int across, int alike, int pruned) {
        int oneBeforeZero = within & 1;
        int threeBeforeTwo = within >>> 1;
        int threeBeforeZero = (across & 1) ^ 1;
        int twoBeforeOne = across >>> 1;
        int twoBeforeZero = alike & 1;
        int threeBeforeOne = alike >>> 1;
        int[] before = {
            oneBeforeZero + twoBeforeZero + threeBeforeZero,
            1 - oneBeforeZero + twoBeforeOne + threeBeforeOne,
            2 - twoBeforeZero - twoBeforeOne + threeBeforeTwo,
            3 - threeBeforeZero - threeBeforeOne - threeBeforeTwo
        };
        int bits = 0;
        for (int column = 0; column < 4; column++) {
            bits |= before[column] >= pruned ? 1 << column : 0;
        }
        return bits;
    }
}
