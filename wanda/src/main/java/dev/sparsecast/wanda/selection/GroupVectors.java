package dev.sparsecast.wanda.selection;

import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.LT;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * Prunes the lowest scores of every group of a row. A vector holds as many whole groups as fit. It is compared with itself
 * turned by 1, 2, … M - 1 places within each group; how often the other score comes first in a stable sort is a score's
 * rank. An equal score comes first if its column is lower, that is if the turn went past the group's end: there the
 * scores, as integers, are compared for less than one more.
 */
final class GroupVectors implements VectorKernel.RowMasker {
    private final int columns;
    private final int pruned;
    private final int turns;

    /** Lanes that hold groups. */
    private final int used;

    /** For each turn the lane that each lane is compared with, and 1 where that is a lower one. */
    private final int[] others;

    private final int[] lower;
    private final long[] bits;

    GroupVectors(int columns, Selection.LowestOfGroup selection) {
        int group = selection.group();
        this.columns = columns;
        this.pruned = selection.count();
        this.turns = group - 1;
        this.used = Lanes.COUNT / group * group;
        this.others = new int[turns * Lanes.COUNT];
        this.lower = new int[turns * Lanes.COUNT];
        this.bits = new long[Lanes.padded(columns) / Long.SIZE + 1];
        for (int turn = 0; turn < turns; turn++) {
            for (int lane = 0; lane < used; lane++) {
                int first = lane / group * group;
                int other = first + (lane - first + turn + 1) % group;
                others[turn * Lanes.COUNT + lane] = other;
                lower[turn * Lanes.COUNT + lane] = other < lane ? 1 : 0;
            }
        }
    }

    /** Whether groups of this size fit into a vector. */
    static boolean serve(int group) {
        return group <= Lanes.COUNT;
    }

    @Override
    public long[] mask(float[] magnitudes, float sum, float[] norms) {
        mark(magnitudes, norms, bits);
        return bits;
    }

    /**
     * One method with both loops: a method of its own for the ranks, which returns a vector, would be inlined or not
     * depending on what the compiler did first, and be ten times slower where it is not.
     */
    private void mark(float[] magnitudes, float[] norms, long[] words) {
        int compared = turns * Lanes.COUNT;
        long usedLanes = (1L << used) - 1;
        long word = 0;
        int filled = 0;
        int index = 0;
        for (int column = 0; column < columns; column += used) {
            IntVector score = FloatVector.fromArray(Lanes.FLOATS, magnitudes, column)
                    .mul(FloatVector.fromArray(Lanes.FLOATS, norms, column))
                    .reinterpretAsInts();
            IntVector rank = IntVector.zero(Lanes.INTS);
            for (int i = 0; i < compared; i += Lanes.COUNT) {
                IntVector other = IntVector.fromArray(Lanes.INTS, others, i).selectFrom(score);
                IntVector bound = score.add(IntVector.fromArray(Lanes.INTS, lower, i));
                rank = rank.add(1, other.compare(LT, bound));
            }
            long kept = rank.compare(GE, pruned).toLong() & usedLanes;
            word |= kept << filled;
            filled += used;
            if (filled >= Long.SIZE) {
                words[index++] = word;
                filled -= Long.SIZE;
                word = filled == 0 ? 0 : kept >>> (used - filled);
            }
        }
        words[index] = word;
    }
}
