package dev.sparsecast.wanda.selection;

import org.jspecify.annotations.Nullable;

/** The mask of a row from its scores, for one thread: all above a threshold that a {@link RadixSelect} finds, or the best of each group. */
final class RowMask {
    private final RadixSelect radixSelect = new RadixSelect();
    private @Nullable GroupRank groupRank;

    /**
     * Makes the mask.
     *
     * @param scores bits of the scores of all columns
     * @param bits where it goes, {@link SelectionJob#maskBytes} bytes
     */
    void make(int[] scores, Selection selection, byte[] bits) {
        switch (selection) {
            case Selection.LowestOfRow row -> keepInRow(scores, row.count(), bits);
            case Selection.LowestOfGroup group -> {
                if (groupRank == null || !groupRank.fits(scores.length, group)) {
                    groupRank = new GroupRank(scores.length, group);
                }
                groupRank.mask(scores, bits);
            }
        }
    }

    private void keepInRow(int[] scores, int pruned, byte[] bits) {
        int threshold = pruned == 0 ? -1 : radixSelect.select(scores, scores.length, pruned);
        keepAbove(scores, threshold, bits);
        if (pruned > 0 && radixSelect.rankAmongEqual() < radixSelect.equal()) {
            keepLaterEquals(scores, threshold, radixSelect.rankAmongEqual(), bits);
        }
    }

    /** Keeps the scores above a threshold. */
    static void keepAbove(int[] scores, int threshold, byte[] bits) {
        for (int i = 0; i < bits.length; i++) {
            int end = Math.min(Byte.SIZE, scores.length - i * Byte.SIZE);
            int eight = 0;
            for (int column = 0; column < end; column++) {
                // 1 if the score is above the threshold: neither is far below 0, so nothing overflows
                eight |= (threshold - scores[i * Byte.SIZE + column]) >>> (Integer.SIZE - 1) << column;
            }
            bits[i] = (byte) eight;
        }
    }

    /** Of the scores that equal the threshold only the first {@code pruned} are pruned. */
    static void keepLaterEquals(int[] scores, int threshold, int pruned, byte[] bits) {
        int seen = 0;
        for (int column = 0; column < scores.length; column++) {
            if (scores[column] == threshold && ++seen > pruned) {
                bits[column / Byte.SIZE] |= (byte) (1 << (column % Byte.SIZE));
            }
        }
    }
}
