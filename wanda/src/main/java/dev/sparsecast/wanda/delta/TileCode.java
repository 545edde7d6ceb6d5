package dev.sparsecast.wanda.delta;

import java.util.Arrays;

/**
 * The order in which the flips of a tile are coded, the same for both sides. Within the columns that are balanced (see
 * {@link Balance}) first the kept bits that are dropped, column by column, then the dropped ones that come back. Both are
 * dense in some columns and rare in others, since it is the norm of a column that has changed. Of the second kind each row
 * has as many as of the first, so only rows that still miss some are candidates, and in a group's last column none are:
 * what is missing must be there.
 */
final class TileCode {
    private static final int DROPPED = 1;
    private static final int RETURNING = 0;

    private final ColumnCode code;
    private final BitColumns parent;
    private final Flips flips;
    private final int rows;
    private final int columns;
    private final int words;

    /** Where the flips come from or go to. */
    interface Flips {
        /** Fills {@code target} with those candidates of a column that flip, if they are known, else with zeros. */
        void known(int column, long[] candidates, long[] target);

        /** These bits of a column flip. */
        void found(int column, long[] flips);
    }

    TileCode(ColumnCode code, Tile tile, Flips flips) {
        this.code = code;
        this.parent = new BitColumns(tile.parent(), tile.fromRow(), tile.toRow());
        this.flips = flips;
        this.rows = tile.rows();
        this.columns = tile.parent().columns();
        this.words = BitColumns.words(rows);
    }

    void run(int balance) {
        int width = Balance.width(balance, columns);
        int[] dropped = new int[width];
        long[] column = new long[words];
        Missing missing = new Missing();
        for (int from = 0; from < columns; from += width) {
            int to = Math.min(from + width, columns);
            missing.clear();
            for (int j = from; j < to; j++) {
                long[] candidates = parent.column(j);
                flips.known(j, candidates, column);
                dropped[j - from] = code.code(candidates, column, DROPPED, 0);
                flips.found(j, column);
                missing.add(column);
            }
            returning(from, to, balance, dropped, missing);
        }
    }

    private void returning(int from, int to, int balance, int[] dropped, Missing missing) {
        long[] open = balance == Balance.NONE ? everyRow() : missing.rows();
        long[][] later = balance > Balance.ROW ? later(from, to) : new long[0][];
        long[] column = new long[words];
        long[] candidates = new long[words];
        long[] certain = new long[words];
        for (int j = from; j < to; j++) {
            long[] kept = parent.column(j);
            for (int word = 0; word < words; word++) {
                candidates[word] = ~kept[word] & open[word];
                if (later.length > 0) {
                    certain[word] = candidates[word] & ~later[j - from][word];
                    candidates[word] &= ~certain[word];
                }
            }
            flips.known(j, candidates, column);
            code.code(candidates, column, RETURNING, dropped[j - from]);
            for (int word = 0; word < words; word++) {
                column[word] |= certain[word];
            }
            flips.found(j, column);
            if (balance != Balance.NONE) {
                missing.remove(column, open);
            }
        }
    }

    private long[] everyRow() {
        long[] all = new long[words];
        for (int word = 0; word < words; word++) {
            int count = Math.min(rows - word * Long.SIZE, Long.SIZE);
            all[word] = -1L >>> Long.SIZE - count;
        }
        return all;
    }

    /** For each column of a group the rows that have another dropped bit behind it. */
    private long[][] later(int from, int to) {
        long[][] later = new long[to - from][words];
        for (int j = to - 1; j > from; j--) {
            long[] kept = parent.column(j);
            for (int word = 0; word < words; word++) {
                later[j - from - 1][word] = later[j - from][word] | ~kept[word];
            }
        }
        return later;
    }

    /** How many bits each row still has to get back. */
    private final class Missing {
        private final int[] count = new int[rows];

        void clear() {
            Arrays.fill(count, 0);
        }

        void add(long[] column) {
            for (int word = 0; word < words; word++) {
                for (long rest = column[word]; rest != 0; rest &= rest - 1) {
                    count[word * Long.SIZE + Long.numberOfTrailingZeros(rest)]++;
                }
            }
        }

        /** Takes a bit off rows, and rows that miss none any more out of {@code open}. */
        void remove(long[] column, long[] open) {
            for (int word = 0; word < words; word++) {
                for (long rest = column[word]; rest != 0; rest &= rest - 1) {
                    if (--count[word * Long.SIZE + Long.numberOfTrailingZeros(rest)] == 0) {
                        open[word] &= ~Long.lowestOneBit(rest);
                    }
                }
            }
        }

        long[] rows() {
            long[] set = new long[words];
            for (int row = 0; row < count.length; row++) {
                if (count[row] > 0) {
                    set[row / Long.SIZE] |= 1L << row;
                }
            }
            return set;
        }
    }
}
