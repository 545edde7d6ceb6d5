package dev.sparsecast.wanda.selection;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import org.jspecify.annotations.Nullable;

/**
 * Selection with 256-bit vectors. Each row is decoded once to float32 magnitudes and then gets a mask for each
 * calibration: {@link BracketSelect} for whole rows, {@link RankOfFour} and {@link RankOfEight} for groups of 4 and 8
 * columns. Other groups are left to the scalar kernel.
 */
public final class VectorKernel implements SelectionKernel {
    /** Bits of the vectors that this kernel uses. */
    static final int BITS = 256;

    @Override
    public String label() {
        return "vector-" + BITS;
    }

    @Override
    public RowSelector selector() {
        return new Selector();
    }

    /** Bits of the vectors that the JVM finds best on this machine. */
    static int preferredBits() {
        return FloatVector.SPECIES_PREFERRED.vectorBitSize();
    }

    /** Makes the mask of a row from its decoded weights. */
    interface RowMasker {
        /**
         * @param row the row's magnitudes
         * @param norms in {@link PairedOrder}, padded with 1
         * @param bits the mask, in the order of the columns; what it says of the padding means nothing
         */
        void mask(RowDecoder row, float[] norms, byte[] bits);
    }

    private static final class Selector implements RowSelector {
        private final RowSelector scalar = new HistogramKernel().selector();
        private @Nullable Preparation preparation;

        @Override
        public int select(SelectionJob job, int fromRow, int toRow) {
            if (job.selection() instanceof Selection.LowestOfGroup group && group.group() != 4 && group.group() != 8) {
                return scalar.select(job, fromRow, toRow);
            }
            if (preparation == null || preparation.job != job) {
                preparation = new Preparation(job);
            }
            return preparation.select(fromRow, toRow);
        }
    }

    /** What a thread needs for one job. */
    private static final class Preparation {
        private final SelectionJob job;
        private final RowDecoder decoder;
        private final float[][] norms;
        private final RowMasker[] maskers;
        private final byte[] bits;

        Preparation(SelectionJob job) {
            int columns = job.weights().columns();
            this.job = job;
            this.decoder = new RowDecoder(columns);
            int padded = decoder.magnitudes().length;
            this.norms = job.norms().stream().map(norm -> paired(norm, padded)).toArray(float[][]::new);
            this.maskers = new RowMasker[norms.length];
            Arrays.setAll(maskers, i -> masker(job.selection(), padded));
            this.bits = new byte[padded / Byte.SIZE];
        }

        private static float[] paired(float[] norms, int padded) {
            float[] paired = new float[padded];
            Arrays.fill(paired, 1);
            for (int column = 0; column < norms.length; column++) {
                paired[PairedOrder.position(column)] = norms[column];
            }
            return paired;
        }

        private static RowMasker masker(Selection selection, int padded) {
            return switch (selection) {
                case Selection.LowestOfRow row -> new BracketSelect(padded, row.count());
                case Selection.LowestOfGroup group ->
                    group.group() == 4 ? new RankOfFour(padded, group.count()) : new RankOfEight(padded, group.count());
            };
        }

        int select(int fromRow, int toRow) {
            for (int row = fromRow; row < toRow; row++) {
                if (!decoder.decode(job.weights(), row)) {
                    return row;
                }
                for (int calibration = 0; calibration < maskers.length; calibration++) {
                    maskers[calibration].mask(decoder, norms[calibration], bits);
                    write(job.masks().get(calibration), row);
                }
            }
            return RowSelector.ALL_FINITE;
        }

        private void write(MemorySegment mask, int row) {
            int columns = decoder.columns();
            int rowBytes = SelectionJob.maskBytes(columns);
            if (columns % Byte.SIZE != 0) {
                bits[rowBytes - 1] &= (byte) ((1 << columns % Byte.SIZE) - 1);
            }
            MemorySegment.copy(bits, 0, mask, ValueLayout.JAVA_BYTE, (long) row * rowBytes, rowBytes);
        }
    }
}
