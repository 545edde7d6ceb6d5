package dev.sparsecast.wanda.selection;

import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.LSHR;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Prunes the lowest scores of every group of 4 or 8 columns: each score's rank in its group is how many others come
 * before it in a stable sort.
 */
final class GroupRank implements VectorKernel.RowMasker {
    private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_256;
    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_256;
    private static final int LANES = INTS.length();
    private static final int WORD = VectorKernel.WORD;

    private final int words;
    private final int pruned;
    private final int group;
    private final VectorShuffle<Integer>[] rotations;
    private final IntVector[] ties;

    GroupRank(int words, Selection.LowestOfGroup selection) {
        this.words = words;
        this.pruned = selection.count();
        this.group = selection.group();
        this.rotations = rotations(group);
        this.ties = ties(group);
    }

    static boolean supports(Selection.LowestOfGroup selection) {
        return selection.group() == 2 || selection.group() == 4 || selection.group() == 8;
    }

    @SuppressWarnings({"unchecked", "rawtypes"}) // Java has no arrays of a parameterized type
    private static VectorShuffle<Integer>[] rotations(int group) {
        VectorShuffle<Integer>[] rotations = new VectorShuffle[group - 1];
        for (int distance = 1; distance < group; distance++) {
            int by = distance;
            rotations[distance - 1] = VectorShuffle.fromOp(INTS, lane -> other(lane, by, group));
        }
        return rotations;
    }

    /** For each distance -1 where the other lane is a lower column, which comes first among equals; else 0. */
    private static IntVector[] ties(int group) {
        IntVector[] ties = new IntVector[group - 1];
        for (int distance = 1; distance < group; distance++) {
            int[] lanes = new int[LANES];
            for (int lane = 0; lane < LANES; lane++) {
                lanes[lane] = other(lane, distance, group) < lane ? -1 : 0;
            }
            ties[distance - 1] = IntVector.fromArray(INTS, lanes, 0);
        }
        return ties;
    }

    private static int other(int lane, int distance, int group) {
        return lane / group * group + (lane + distance) % group;
    }

    @Override
    public void mask(float[] magnitudes, float[] norms, long[] bits) {
        for (int word = 0; word < words; word++) {
            long kept = 0;
            for (int column = 0; column < WORD; column += LANES) {
                IntVector score = FloatVector.fromArray(FLOATS, magnitudes, word * WORD + column)
                        .mul(FloatVector.fromArray(FLOATS, norms, word * WORD + column))
                        .reinterpretAsInts();
                kept |= rank(score).compare(GE, pruned).toLong() << column;
            }
            bits[word] = kept;
        }
    }

    private IntVector rank(IntVector score) {
        IntVector rank = IntVector.zero(INTS);
        for (int i = 0; i < rotations.length; i++) {
            IntVector other = score.rearrange(rotations[i]).add(ties[i]);
            // other - score < 0 exactly if the other comes first; the sign is its bit 31
            rank = rank.add(other.sub(score).lanewise(LSHR, Integer.SIZE - 1));
        }
        return rank;
    }
}
