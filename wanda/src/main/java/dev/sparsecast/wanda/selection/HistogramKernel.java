package dev.sparsecast.wanda.selection;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * Selection without sorting, in plain Java: the scores of a row are not negative, so their float bits order them as
 * integers, and the highest score to prune is found by a {@link RadixSelect}; groups are ranked by {@link GroupRank}. Runs
 * on every machine.
 */
public final class HistogramKernel implements SelectionKernel {
    @Override
    public String label() {
        return "scalar";
    }

    @Override
    public RowSelector selector() {
        return new Selector();
    }

    static final class Selector implements RowSelector {
        private final RadixSelect radixSelect = new RadixSelect();
        private float[] magnitudes = new float[0];
        private int[] scores = new int[0];
        private byte[] bits = new byte[0];
        private @Nullable GroupRank groupRank;

        @Override
        public int select(SelectionJob job, int fromRow, int toRow) {
            int columns = job.weights().columns();
            if (magnitudes.length != columns) {
                magnitudes = new float[columns];
                scores = new int[columns];
                bits = new byte[SelectionJob.maskBytes(columns)];
            }
            for (int row = fromRow; row < toRow; row++) {
                job.weights().magnitudes(row, magnitudes);
                if (!allFinite()) {
                    return row;
                }
                for (int calibration = 0; calibration < job.norms().size(); calibration++) {
                    score(job.norms().get(calibration));
                    keep(job.selection());
                    MemorySegment mask = job.masks().get(calibration);
                    MemorySegment.copy(bits, 0, mask, ValueLayout.JAVA_BYTE, (long) row * bits.length, bits.length);
                }
            }
            return ALL_FINITE;
        }

        private boolean allFinite() {
            int highest = 0;
            for (float magnitude : magnitudes) {
                highest = Math.max(highest, Float.floatToRawIntBits(magnitude));
            }
            return highest < Scores.INFINITY;
        }

        private void score(float[] norms) {
            for (int column = 0; column < scores.length; column++) {
                scores[column] = Float.floatToRawIntBits(magnitudes[column] * norms[column]);
            }
        }

        private void keep(Selection selection) {
            switch (selection) {
                case Selection.LowestOfRow row -> keepInRow(row.count());
                case Selection.LowestOfGroup group -> {
                    if (groupRank == null || !groupRank.fits(scores.length, group)) {
                        groupRank = new GroupRank(scores.length, group);
                    }
                    groupRank.mask(scores, bits);
                }
            }
        }

        private void keepInRow(int pruned) {
            int threshold = pruned == 0 ? -1 : radixSelect.select(scores, scores.length, pruned);
            for (int i = 0; i < bits.length; i++) {
                int end = Math.min(Byte.SIZE, scores.length - i * Byte.SIZE);
                int eight = 0;
                for (int column = 0; column < end; column++) {
                    // 1 if the score is above the threshold: neither is far below 0, so nothing overflows
                    eight |= (threshold - scores[i * Byte.SIZE + column]) >>> (Integer.SIZE - 1) << column;
                }
                bits[i] = (byte) eight;
            }
            if (pruned > 0 && radixSelect.rankAmongEqual() < radixSelect.equal()) {
                keepLaterEquals(threshold, radixSelect.rankAmongEqual());
            }
        }

        /** Of the scores that equal the threshold only the first ones are pruned. */
        private void keepLaterEquals(int threshold, int pruned) {
            int seen = 0;
            for (int column = 0; column < scores.length; column++) {
                if (scores[column] == threshold && ++seen > pruned) {
                    bits[column / Byte.SIZE] |= (byte) (1 << (column % Byte.SIZE));
                }
            }
        }
    }
}
