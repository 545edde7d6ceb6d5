package dev.sparsecast.wanda.structured;

import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;

/**
 * What a structured pruning is asked for.
 *
 * @param model directory of the base model
 * @param statistics statistics files, mixed by adding their sums
 * @param sparsity share of the prunable weights to remove, in [0, 1)
 * @param removedHeads key and value heads to remove from every block; absent: decided by what loses the least
 * @param out directory to write the smaller model to; must not exist or be empty
 * @param threads number of threads, at least 1
 */
public record StructuredRequest(
        Path model, List<Path> statistics, double sparsity, OptionalInt removedHeads, Path out, int threads) {
    public StructuredRequest {
        statistics = List.copyOf(statistics);
    }
}
