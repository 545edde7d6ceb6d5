package dev.sparsecast.wanda.selection;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

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
        private final RowMask rowMask = new RowMask();
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
                    rowMask.make(scores, job.selection(), bits);
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
    }
}
