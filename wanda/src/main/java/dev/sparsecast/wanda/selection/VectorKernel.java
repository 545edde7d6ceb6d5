package dev.sparsecast.wanda.selection;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import org.jspecify.annotations.Nullable;

/**
 * Selection with 256-bit vectors. Each row is decoded once to float32 magnitudes, of which every calibration
 * makes its mask: {@link BracketSelect} for whole rows, {@link RankOfFour} for groups of four. Other groups are left to the scalar kernel.
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

    /** Makes the mask of a row from its decoded weights, a stretch at a time. */
    interface RowMasker {
        /** Begins a row whose magnitudes add up to about this. */
        void begin(float sum);

        /**
         * Takes the next stretch.
         *
         * @param magnitudes in {@link PairedOrder}
         * @param length with padding
         * @param norms of the whole row, in {@link PairedOrder}, padded with 1
         * @param start where in the row the stretch begins
         */
        void scan(float[] magnitudes, int length, float[] norms, int start);

        /** Whether the mask is made; if not, the row must be scanned once more. */
        boolean finish();

        /** The mask, in the order of the columns; what it says of the padding means nothing. */
        byte[] bits();
    }

    private static final class Selector implements RowSelector {
        private final RowSelector scalar = new HistogramKernel().selector();
        private @Nullable Preparation preparation;

        @Override
        public int select(SelectionJob job, int fromRow, int toRow) {
            if (job.selection() instanceof Selection.LowestOfGroup group && group.group() != RankOfFour.GROUP) {
                return scalar.select(job, fromRow, toRow);
            }
            if (preparation == null || !preparation.job.equals(job)) {
                preparation = new Preparation(job);
            }
            return preparation.select(fromRow, toRow);
        }
    }

    /** What a thread needs for one job. */
    private static final class Preparation {
        private final SelectionJob job;
        private final int columns;
        private final RowDecoder decoder;
        private final float[][] norms;
        private final RowMasker[] maskers;

        Preparation(SelectionJob job) {
            this.job = job;
            this.columns = job.weights().columns();
            this.decoder = new RowDecoder(job.weights());
            int padded = Math.ceilDiv(columns, Long.SIZE) * Long.SIZE;
            this.norms = job.norms().stream().map(norm -> paired(norm, padded)).toArray(float[][]::new);
            this.maskers = new RowMasker[norms.length];
            Arrays.setAll(maskers, i -> masker(job.selection(), padded));
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
                case Selection.LowestOfGroup group -> new RankOfFour(padded, group.count());
            };
        }

        int select(int fromRow, int toRow) {
            boolean summed = job.selection() instanceof Selection.LowestOfRow;
            for (int row = fromRow; row < toRow; row++) {
                float sum = summed ? decoder.sum(row) : 0;
                for (RowMasker masker : maskers) {
                    masker.begin(sum);
                }
                if (!scan(row, 0, maskers.length)) {
                    return row;
                }
                for (int i = 0; i < maskers.length; i++) {
                    while (!maskers[i].finish()) {
                        scan(row, i, i + 1);
                    }
                    write(maskers[i].bits(), job.masks().get(i), row);
                }
            }
            return RowSelector.ALL_FINITE;
        }

        /** Decodes a row and gives it to some of the maskers; false if it has a weight that is NaN or infinite. */
        private boolean scan(int row, int fromMasker, int toMasker) {
            for (int column = 0; column < columns; column += RowDecoder.STRETCH) {
                if (!decoder.decode(row, column)) {
                    return false;
                }
                for (int i = fromMasker; i < toMasker; i++) {
                    maskers[i].scan(decoder.magnitudes(), decoder.padded(column), norms[i], column);
                }
            }
            return true;
        }

        private void write(byte[] bits, MemorySegment mask, int row) {
            int rowBytes = SelectionJob.maskBytes(columns);
            if (columns % Byte.SIZE != 0) {
                bits[rowBytes - 1] &= (byte) ((1 << columns % Byte.SIZE) - 1);
            }
            MemorySegment.copy(bits, 0, mask, ValueLayout.JAVA_BYTE, (long) row * rowBytes, rowBytes);
        }
    }
}
