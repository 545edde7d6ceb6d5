package dev.sparsecast.wanda.selection;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * Selection without sorting, in plain Java: the scores of a row are not negative, so their float bits order them as
 * integers, and the highest score to prune is found by a radix select of 11, 10 and 10 bits. Runs on every machine.
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
                    Arrays.fill(bits, (byte) 0);
                    for (int start = 0; start < scores.length; start += group.group()) {
                        set(start, keptInGroup(start, group));
                    }
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
                    eight |= threshold - scores[i * Byte.SIZE + column] >>> Integer.SIZE - 1 << column;
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
                    set(column, 1);
                }
            }
        }

        /** The bits of a group: a weight stays if enough others come before it in a stable sort. */
        private int keptInGroup(int start, Selection.LowestOfGroup group) {
            int kept = 0;
            int end = start + group.group();
            for (int column = start; column < end; column++) {
                int before = 0;
                for (int other = start; other < column; other++) {
                    before += scores[other] <= scores[column] ? 1 : 0;
                }
                for (int other = column + 1; other < end; other++) {
                    before += scores[other] < scores[column] ? 1 : 0;
                }
                kept |= (before >= group.count() ? 1 : 0) << column - start;
            }
            return kept;
        }

        /** Sets up to 16 bits from a column on. */
        private void set(int column, int kept) {
            for (int shifted = kept << column % Byte.SIZE, i = column / Byte.SIZE; shifted != 0; i++) {
                bits[i] |= (byte) shifted;
                shifted >>>= Byte.SIZE;
            }
        }
    }
}
