package dev.sparsecast.wanda.selection;

/**
 * A way to find the weights with the lowest scores. All kernels give the same bits: those of a stable ascending sort of
 * {@code float32(|W_ij|) · norm_j}, where a lower column comes first among equals.
 */
public interface SelectionKernel {
    /** The kernel's name in logs and benchmarks. */
    String label();

    /** A selector with scratch memory of its own, for one thread. */
    RowSelector selector();

    /** The work of one thread. */
    interface RowSelector {
        /** Returned by {@link #select} when all weights were finite. */
        int ALL_FINITE = -1;

        /**
         * Writes rows {@code [fromRow, toRow)} of every mask.
         *
         * @return {@link #ALL_FINITE}, or the first row with a NaN or infinite weight; masks from there on mean nothing
         */
        int select(SelectionJob job, int fromRow, int toRow);
    }
}
