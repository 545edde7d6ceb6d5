package dev.sparsecast.wanda.selection;

import java.util.Arrays;

/**
 * Prunes the lowest scores of every group of a row. Each score's rank is how many others of its group come before it in a
 * stable sort; all groups are ranked side by side, one pair of their columns after another, in loops that compilers turn
 * into vector instructions.
 */
final class GroupRank {
    private final Selection.LowestOfGroup selection;

    /** Scores and ranks by column of the group, then by group. */
    private final int[][] scores;

    private final int[][] ranks;

    GroupRank(int columns, Selection.LowestOfGroup selection) {
        this.selection = selection;
        this.scores = new int[selection.group()][columns / selection.group()];
        this.ranks = new int[selection.group()][columns / selection.group()];
    }

    /** Whether this serves such rows. */
    boolean fits(int columns, Selection.LowestOfGroup other) {
        return selection.equals(other) && scores[0].length * selection.group() == columns;
    }

    /** Makes the mask of a row from its scores. */
    void mask(int[] row, byte[] bits) {
        int group = selection.group();
        for (int column = 0; column < group; column++) {
            int[] target = scores[column];
            for (int i = 0; i < target.length; i++) {
                target[i] = row[i * group + column];
            }
            Arrays.fill(ranks[column], 0);
        }
        for (int lower = 0; lower < group; lower++) {
            for (int higher = lower + 1; higher < group; higher++) {
                rank(scores[lower], scores[higher], ranks[lower], ranks[higher]);
            }
        }
        write(bits);
    }

    /** Of two columns the higher comes first only if its score is less; then the difference is negative, its sign bit 31. */
    private static void rank(int[] lowerScores, int[] higherScores, int[] lowerRanks, int[] higherRanks) {
        for (int i = 0; i < lowerScores.length; i++) {
            int higherFirst = (higherScores[i] - lowerScores[i]) >>> (Integer.SIZE - 1);
            lowerRanks[i] += higherFirst;
            higherRanks[i] += 1 - higherFirst;
        }
    }

    private void write(byte[] bits) {
        Arrays.fill(bits, (byte) 0);
        int group = selection.group();
        for (int i = 0; i < scores[0].length; i++) {
            int kept = 0;
            for (int column = 0; column < group; column++) {
                kept |= (selection.count() - 1 - ranks[column][i]) >>> (Integer.SIZE - 1) << column;
            }
            int start = i * group;
            for (int shifted = kept << (start % Byte.SIZE), at = start / Byte.SIZE; shifted != 0; at++) {
                bits[at] |= (byte) shifted;
                shifted >>>= Byte.SIZE;
            }
        }
    }
}
