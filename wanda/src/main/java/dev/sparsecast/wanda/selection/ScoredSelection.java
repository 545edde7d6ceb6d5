package dev.sparsecast.wanda.selection;

import dev.sparsecast.wanda.selection.SelectionKernel.RowSelector;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Makes the mask of a whole matrix from scores that are no product of a weight and a norm, or that compete over the
 * whole matrix. Plain passes over the rows, for one thread; what is pruned comes first in a stable ascending sort.
 */
public final class ScoredSelection {
    private static final int[] SHIFTS = {20, 10, 0};
    private static final int[] DIGITS = {1 << 11, 1 << 10, 1 << 10};

    private final ScoreReader reader;
    private final int rows;
    private final byte[] bits;
    private final MemorySegment mask;

    private ScoredSelection(RowScores scores, MemorySegment mask) {
        this.reader = new ScoreReader(scores);
        this.rows = scores.weights().rows();
        this.bits = new byte[SelectionJob.maskBytes(scores.weights().columns())];
        this.mask = mask;
    }

    /**
     * Prunes in each row.
     *
     * @param mask where the mask goes, as in {@link SelectionJob}
     * @return {@link RowSelector#ALL_FINITE}, or the first row with a NaN or infinite weight
     */
    public static int ofRows(RowScores scores, Selection selection, MemorySegment mask) {
        ScoredSelection selector = new ScoredSelection(scores, mask);
        RowMask rowMask = new RowMask();
        for (int row = 0; row < selector.rows; row++) {
            if (!selector.reader.read(row)) {
                return row;
            }
            rowMask.make(selector.reader.scores(), selection, selector.bits);
            selector.write(row);
        }
        return RowSelector.ALL_FINITE;
    }

    /**
     * Prunes the {@code count} lowest scores of the whole matrix; of equal ones those that come first in row-major order.
     *
     * @param mask where the mask goes, as in {@link SelectionJob}
     * @return {@link RowSelector#ALL_FINITE}, or the first row with a NaN or infinite weight
     */
    public static int ofMatrix(RowScores scores, long count, MemorySegment mask) {
        ScoredSelection selector = new ScoredSelection(scores, mask);
        for (int row = 0; row < selector.rows; row++) {
            if (!selector.reader.read(row)) {
                return row;
            }
        }
        selector.keepInMatrix(count);
        return RowSelector.ALL_FINITE;
    }

    /** Finds the threshold digit by digit from the highest, each in a pass over all scores that begin as it does. */
    private void keepInMatrix(long count) {
        int threshold = count == 0 ? -1 : 0;
        long left = count;
        for (int i = 0; i < SHIFTS.length && count > 0; i++) {
            long[] histogram = histogram(threshold, SHIFTS[i], DIGITS[i]);
            int digit = 0;
            for (; histogram[digit] < left; digit++) {
                left -= histogram[digit];
            }
            threshold |= digit << SHIFTS[i];
        }
        writeAbove(threshold, left);
    }

    /** Counts by the digit at {@code shift} the scores whose higher digits are those of {@code prefix}. */
    private long[] histogram(int prefix, int shift, int digits) {
        long[] histogram = new long[digits];
        int higher = -digits << shift;
        for (int row = 0; row < rows; row++) {
            reader.read(row);
            for (int score : reader.scores()) {
                if ((score & higher) == (prefix & higher)) {
                    histogram[score >>> shift & digits - 1]++;
                }
            }
        }
        return histogram;
    }

    /** Keeps what is above the threshold, and of what equals it all but the first {@code equalPruned}. */
    private void writeAbove(int threshold, long equalPruned) {
        long left = equalPruned;
        for (int row = 0; row < rows; row++) {
            reader.read(row);
            int[] scores = reader.scores();
            RowMask.keepAbove(scores, threshold, bits);
            int pruned = (int) Math.min(left, scores.length);
            RowMask.keepLaterEquals(scores, threshold, pruned, bits);
            for (int column = 0; column < scores.length && left > 0; column++) {
                left -= scores[column] == threshold ? 1 : 0;
            }
            write(row);
        }
    }

    private void write(int row) {
        MemorySegment.copy(bits, 0, mask, ValueLayout.JAVA_BYTE, (long) row * bits.length, bits.length);
    }
}
