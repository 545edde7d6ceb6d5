package dev.sparsecast.wanda.selection;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.IntVector;
import org.jspecify.annotations.Nullable;

/**
 * Selection with vectors of 512 or 256 bits, whichever the JVM finds best on this machine. Each row is decoded once, by
 * {@link DecodedRow}, and every calibration makes its mask of it: {@link BracketSelect} for whole rows,
 * {@link GroupVectors} for groups. Groups that no vector holds are left to the scalar kernel.
 */
public final class VectorKernel implements SelectionKernel {
    /** Vectors must have at least so many bits. */
    static final int LEAST_BITS = 256;

    /** Bytes of weights that are read in one go: a part of the second-level cache. */
    private static final long READ_AHEAD = 1 << 18;

    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    @Override
    public String label() {
        return "vector-" + preferredBits();
    }

    @Override
    public RowSelector selector() {
        return new Selector();
    }

    /** Bits of the vectors that the JVM finds best on this machine. */
    static int preferredBits() {
        return IntVector.SPECIES_PREFERRED.vectorBitSize();
    }

    /** Makes the masks of rows, one after another. */
    interface RowMasker {
        /**
         * The mask of a row, a bit for each column; what it says of the padding means nothing. Valid until the next call.
         *
         * @param magnitudes decoded weights, padded as in {@link DecodedRow}
         * @param sum about their sum
         * @param norms padded alike, with 1
         */
        long[] mask(float[] magnitudes, float sum, float[] norms);
    }

    private static final class Selector implements RowSelector {
        private final RowSelector scalar = new HistogramKernel().selector();
        private @Nullable Preparation preparation;

        @Override
        public int select(SelectionJob job, int fromRow, int toRow) {
            if (job.selection() instanceof Selection.LowestOfGroup group && !GroupVectors.serve(group.group())) {
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
        private final DecodedRow decoded;
        private final float[][] norms;
        private final RowMasker[] maskers;
        private final int rowsAhead;

        Preparation(SelectionJob job) {
            this.job = job;
            this.decoded = new DecodedRow(job.weights());
            this.norms = job.norms().stream().map(Preparation::padded).toArray(float[][]::new);
            this.rowsAhead = (int) Math.max(1, READ_AHEAD / job.weights().offset(1));
            this.maskers = new RowMasker[norms.length];
            Arrays.setAll(maskers, i -> masker(job.selection(), job.weights().columns()));
        }

        private static float[] padded(float[] norms) {
            float[] padded = Arrays.copyOf(norms, Lanes.padded(norms.length) + Lanes.COUNT);
            Arrays.fill(padded, norms.length, padded.length, 1);
            return padded;
        }

        private static RowMasker masker(Selection selection, int columns) {
            return switch (selection) {
                case Selection.LowestOfRow row -> new BracketSelect(columns, row.count());
                case Selection.LowestOfGroup group -> new GroupVectors(columns, group);
            };
        }

        int select(int fromRow, int toRow) {
            for (int row = fromRow; row < toRow; row++) {
                if ((row - fromRow) % rowsAhead == 0) {
                    decoded.readAhead(row, Math.min(row + rowsAhead, toRow));
                }
                if (!decoded.decode(row)) {
                    return row;
                }
                for (int i = 0; i < maskers.length; i++) {
                    long[] bits = maskers[i].mask(decoded.magnitudes(), decoded.sum(), norms[i]);
                    write(bits, job.masks().get(i), row);
                }
            }
            return RowSelector.ALL_FINITE;
        }

        private void write(long[] bits, MemorySegment mask, int row) {
            int columns = job.weights().columns();
            int whole = columns / Long.SIZE;
            long offset = (long) row * SelectionJob.maskBytes(columns);
            MemorySegment.copy(bits, 0, mask, LONG, offset, whole);
            if (columns % Long.SIZE != 0) {
                long last = bits[whole] & -1L >>> -columns;
                for (int column = whole * Long.SIZE; column < columns; column += Byte.SIZE) {
                    mask.set(ValueLayout.JAVA_BYTE, offset + column / Byte.SIZE, (byte) (last >>> column));
                }
            }
        }
    }
}
