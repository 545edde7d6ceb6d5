package dev.sparsecast.wanda.selection;

import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * One matrix to make masks of: one mask for each norm vector, all in one pass over the weights.
 *
 * @param weights the weights W
 * @param norms per calibration the finite, non-negative float32 factor of each column's scores {@code |W_ij| · norm_j}
 * @param selection what is pruned
 * @param masks per calibration where the mask goes: {@code rows} times {@link #maskBytes} bytes, row-major, in little bit
 *     order, 1 = kept, padding bits 0
 */
public record SelectionJob(WeightMatrix weights, List<float[]> norms, Selection selection, List<MemorySegment> masks) {
    public SelectionJob {
        norms = List.copyOf(norms);
        masks = List.copyOf(masks);
        if (norms.size() != masks.size()) {
            throw new IllegalArgumentException(norms.size() + " norm vectors but " + masks.size() + " masks");
        }
        for (float[] norm : norms) {
            if (norm.length != weights.columns()) {
                throw new IllegalArgumentException(norm.length + " norms for " + weights.columns() + " columns");
            }
        }
        for (MemorySegment mask : masks) {
            if (mask.byteSize() != (long) weights.rows() * maskBytes(weights.columns())) {
                throw new IllegalArgumentException("a mask of " + mask.byteSize() + " bytes for " + weights.rows()
                        + " x " + weights.columns() + " weights");
            }
        }
        switch (selection) {
            case Selection.LowestOfRow row -> {
                if (row.count() < 0 || row.count() > weights.columns()) {
                    throw new IllegalArgumentException("cannot prune " + row.count() + " of " + weights.columns());
                }
            }
            case Selection.LowestOfGroup group -> {
                if (weights.columns() % group.group() != 0 || group.count() < 0 || group.count() > group.group()) {
                    throw new IllegalArgumentException(group + " does not fit " + weights.columns() + " columns");
                }
            }
        }
    }

    /** Bytes of one row of a mask: a bit for each column. */
    public static int maskBytes(int columns) {
        return (columns + Byte.SIZE - 1) / Byte.SIZE;
    }
}
