package dev.sparsecast.wanda.delta;

import dev.sparsecast.wanda.mask.Mask;
import java.lang.foreign.ValueLayout;

/**
 * What is known about the flips of a tile beforehand: where two masks keep equally many weights of a row, or of every N:M
 * group, as many flips go one way as the other.
 */
final class Balance {
    /** Nothing is known. */
    static final int NONE = 0;

    /** Every row keeps as many weights as it did. Larger numbers M: every group of M columns does. */
    static final int ROW = 1;

    private Balance() {}

    /** Columns within which flips are balanced. */
    static int width(int balance, int columns) {
        return balance <= ROW ? columns : balance;
    }

    /**
     * The strongest balance that a tile has.
     *
     * @param group M if both masks have an N:M pattern, else 0
     */
    static int of(Tile tile, Mask result, int group) {
        if (group > ROW && tile.parent().columns() % group == 0 && holds(tile, result, group)) {
            return group;
        }
        return holds(tile, result, tile.parent().columns()) ? ROW : NONE;
    }

    private static boolean holds(Tile tile, Mask result, int width) {
        Mask parent = tile.parent();
        int[] balance = new int[Math.ceilDiv(parent.columns(), width)];
        for (int row = tile.fromRow(); row < tile.toRow(); row++) {
            long offset = (long) row * parent.rowBytes();
            int unbalanced = 0;
            for (int i = 0; i < parent.rowBytes(); i++) {
                int before = parent.bits().get(ValueLayout.JAVA_BYTE, offset + i);
                int flips = (before ^ result.bits().get(ValueLayout.JAVA_BYTE, offset + i)) & 0xff;
                for (; flips != 0; flips &= flips - 1) {
                    int bit = Integer.numberOfTrailingZeros(flips);
                    int group = (i * Byte.SIZE + bit) / width;
                    int old = balance[group];
                    balance[group] += (before >>> bit & 1) != 0 ? -1 : 1;
                    unbalanced += (balance[group] != 0 ? 1 : 0) - (old != 0 ? 1 : 0);
                }
            }
            if (unbalanced != 0) {
                return false;
            }
        }
        return true;
    }
}
