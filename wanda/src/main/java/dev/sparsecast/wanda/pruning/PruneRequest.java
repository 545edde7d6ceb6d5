package dev.sparsecast.wanda.pruning;

import dev.sparsecast.wanda.PruningParameters;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What a run of {@code prune} is asked for.
 *
 * @param model directory of the base model
 * @param statistics statistics files, mixed by adding their sums; may be empty for methods that use none
 * @param mask where to write the mask, if wanted
 * @param out directory to write the pruned checkpoint to, if wanted; must not exist or be empty
 * @param threads number of threads, at least 1
 */
public record PruneRequest(
        Path model,
        List<Path> statistics,
        PruningParameters parameters,
        Optional<Path> mask,
        Optional<Path> out,
        int threads) {
    public PruneRequest {
        statistics = List.copyOf(statistics);
    }
}
