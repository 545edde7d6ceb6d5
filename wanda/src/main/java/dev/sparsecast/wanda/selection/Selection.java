package dev.sparsecast.wanda.selection;

import dev.sparsecast.wanda.Pattern;
import dev.sparsecast.wanda.PruningException;
import dev.sparsecast.wanda.PruningParameters;

/** How many of which weights of a row are pruned: those that come first in a stable ascending sort of their scores. */
public sealed interface Selection {
    /** The {@code count} lowest of the whole row. */
    record LowestOfRow(int count) implements Selection {}

    /** The {@code count} lowest of every {@code group} consecutive columns. */
    record LowestOfGroup(int count, int group) implements Selection {}

    /**
     * What parameters mean for the rows of a module: {@code int(columns · sparsity)} of a row, in double precision, or M - N
     * of each group of M.
     *
     * @param layer the module's decoder block, whose sparsity must be known
     * @throws PruningException if the columns cannot be divided into groups of M
     */
    static Selection of(PruningParameters parameters, int layer, String module, int columns) {
        return switch (parameters.pattern()) {
            case Pattern.Unstructured _ -> new LowestOfRow((int) (columns * parameters.sparsity(layer)));
            case Pattern.WholeMatrix _ ->
                throw new IllegalArgumentException("module " + module + " is pruned as a whole, not by rows");
            case Pattern.NOfM nOfM -> {
                if (columns % nOfM.group() != 0) {
                    throw new PruningException(
                            "module " + module + " has " + columns + " input channels, which pattern " + nOfM.label()
                                    + " does not divide: choose another pattern");
                }
                yield new LowestOfGroup(nOfM.pruned(), nOfM.group());
            }
        };
    }
}
