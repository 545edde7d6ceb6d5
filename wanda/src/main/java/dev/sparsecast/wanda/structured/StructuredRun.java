package dev.sparsecast.wanda.structured;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.checkpoint.ModelConfig;
import dev.sparsecast.checkpoint.ModelFamily;
import dev.sparsecast.checkpoint.PrunableModule;
import dev.sparsecast.checkpoint.SafetensorsFile;
import dev.sparsecast.checkpoint.statistics.ModelStatistics;
import dev.sparsecast.checkpoint.statistics.StatisticsFile;
import dev.sparsecast.wanda.Calibration;
import dev.sparsecast.wanda.Progress;
import dev.sparsecast.wanda.PruningException;
import dev.sparsecast.wanda.materialization.CheckpointWriter;

/**
 * Structured pruning from files to files, the method {@code flap}: removes heads and neurons by {@link Fluctuation}, adds
 * biases for what they contributed on average, and writes a smaller model. An et al., AAAI 2024, arXiv 2312.11983, with
 * the same structure in every block (the paper's UL-UM), because an ordinary config can say nothing else.
 */
public final class StructuredRun {
    private StructuredRun() {}

    /**
     * Prunes.
     *
     * @throws PruningException if parameters, statistics, model or target cannot be used
     * @throws dev.sparsecast.checkpoint.CheckpointException if the model or a file cannot be used
     */
    public static StructuredResult run(StructuredRequest request, Progress progress) {
        long start = System.nanoTime();
        check(request);
        try (Checkpoint model = Checkpoint.open(request.model())) {
            checkFamily(model.config());
            ModelStatistics statistics = StatisticsFile.readMixed(request.statistics());
            Calibration.of(statistics, model.config(), model.digest()); // for its checks
            long selectionStart = System.nanoTime();
            Cut cut = CutPlanner.of(model, statistics, request.threads())
                    .plan(request.sparsity(), request.removedHeads());
            double selectionSeconds = secondsSince(selectionStart);
            SlimCheckpointWriter.write(model, cut, new SlimTensors(model, statistics, cut), request.out(), progress);
            return result(model, request, cut, selectionSeconds, start);
        }
    }

    private static void check(StructuredRequest request) {
        if (!(request.sparsity() >= 0 && request.sparsity() < 1)) {
            throw new PruningException("sparsity " + request.sparsity()
                    + " cannot be used: it is the share of weights to remove, from 0 up to but not including 1");
        }
        if (request.statistics().isEmpty()) {
            throw new PruningException(
                    "method flap needs activation statistics: make a file with profile and give it with --statistics");
        }
        CheckpointWriter.checkTarget(request.out(), request.model());
    }

    private static void checkFamily(ModelConfig config) {
        if (config.family() != ModelFamily.LLAMA) {
            throw new PruningException(
                    "method flap adds biases to the outputs of attention and MLP, which the config of "
                            + config.family().architecture() + " cannot describe: use it with "
                            + ModelFamily.LLAMA.architecture() + ", or another method with this model");
        }
    }

    private static StructuredResult result(
            Checkpoint base, StructuredRequest request, Cut cut, double selectionSeconds, long start) {
        try (Checkpoint slim = Checkpoint.open(request.out())) {
            long weights = weights(base.config());
            long kept = weights(slim.config());
            return new StructuredResult(
                    weights,
                    kept,
                    1 - (double) kept / weights,
                    slim.config().heads(),
                    cut.keyValueHeads(),
                    cut.neurons(),
                    elements(slim) - kept - (elements(base) - weights),
                    selectionSeconds,
                    secondsSince(start),
                    request.threads(),
                    base.digest(),
                    slim.digest());
        }
    }

    private static long weights(ModelConfig config) {
        return PrunableModule.of(config).stream()
                .mapToLong(PrunableModule::weights)
                .sum();
    }

    private static long elements(Checkpoint checkpoint) {
        long elements = 0;
        for (SafetensorsFile shard : checkpoint.shards()) {
            for (var tensor : shard.tensors().values()) {
                elements += tensor.elements();
            }
        }
        return elements;
    }

    private static double secondsSince(long start) {
        return (System.nanoTime() - start) / 1e9;
    }
}
