package dev.sparsecast.wanda.selection;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * Selection with 256-bit vectors. Each row is decoded once to float32 magnitudes and then gets a mask for each
 * calibration: {@link BracketSelect} for whole rows, {@link GroupRank} for groups of 4 and 8 columns.
 */
public final class VectorKernel implements SelectionKernel {
    /** Bits of the vectors that this kernel uses. */
    static final int BITS = 256;

    /** Rows in scratch memory are padded to whole words of mask bits. */
    static final int WORD = Long.SIZE;

    private static final ValueLayout.OfLong MASK_WORD =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

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

    private static final class Selector implements RowSelector {
        private final HistogramKernel.Selector scalar = new HistogramKernel.Selector();
        private MagnitudeDecoder decoder = new MagnitudeDecoder(0);
        private SelectionJob[] current = new SelectionJob[0];
        private float[][] norms = new float[0][];
        private RowMasker[] maskers = new RowMasker[0];
        private long[] bits = new long[0];

        @Override
        public int select(SelectionJob job, int fromRow, int toRow) {
            if (job.selection() instanceof Selection.LowestOfGroup group && !GroupRank.supports(group)) {
                return scalar.select(job, fromRow, toRow);
            }
            if (current.length == 0 || current[0] != job) {
                begin(job);
            }
            WeightMatrix weights = job.weights();
            for (int row = fromRow; row < toRow; row++) {
                if (!decoder.decode(weights, row)) {
                    return row;
                }
                for (int calibration = 0; calibration < norms.length; calibration++) {
                    maskers[calibration].mask(decoder.magnitudes(), norms[calibration], bits);
                    write(job.masks().get(calibration), row, weights.columns());
                }
            }
            return ALL_FINITE;
        }

        private void begin(SelectionJob job) {
            int columns = job.weights().columns();
            int words = Math.ceilDiv(columns, WORD);
            if (bits.length != words || decoder.columns() != columns) {
                decoder = new MagnitudeDecoder(columns);
                bits = new long[words];
            }
            norms = new float[job.norms().size()][];
            maskers = new RowMasker[norms.length];
            for (int i = 0; i < norms.length; i++) {
                norms[i] = Arrays.copyOf(job.norms().get(i), words * WORD);
                Arrays.fill(norms[i], columns, norms[i].length, 1);
                maskers[i] = switch (job.selection()) {
                    case Selection.LowestOfRow row -> new BracketSelect(words, row.count());
                    case Selection.LowestOfGroup group -> new GroupRank(words, group);
                };
            }
            current = new SelectionJob[] {job};
        }

        private void write(MemorySegment mask, int row, int columns) {
            int rowBytes = SelectionJob.maskBytes(columns);
            long offset = (long) row * rowBytes;
            int whole = columns / WORD;
            MemorySegment.copy(bits, 0, mask, MASK_WORD, offset, whole);
            if (columns % WORD != 0) {
                long last = bits[whole] & (1L << columns % WORD) - 1;
                for (int i = whole * Long.BYTES; i < rowBytes; i++) {
                    mask.set(ValueLayout.JAVA_BYTE, offset + i, (byte) last);
                    last >>>= Byte.SIZE;
                }
            }
        }
    }

    /** Makes the mask of a row from its decoded weights. */
    interface RowMasker {
        /**
         * @param magnitudes padded to whole words with infinity
         * @param norms padded to whole words with 1
         * @param bits the mask, 1 = kept; what it says of the padding means nothing
         */
        void mask(float[] magnitudes, float[] norms, long[] bits);
    }
}
