package dev.sparsecast.wanda.pruning;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.checkpoint.statistics.StatisticsFile;
import dev.sparsecast.wanda.Calibration;
import dev.sparsecast.wanda.Progress;
import dev.sparsecast.wanda.PruningException;
import dev.sparsecast.wanda.mask.MaskFile;
import dev.sparsecast.wanda.mask.SubModelMask;
import dev.sparsecast.wanda.materialization.CheckpointWriter;
import java.util.List;

/** Pruning offline, from files to files: what the {@code prune} command does. */
public final class PruneRun {
    private PruneRun() {}

    /** Makes the mask of a run. */
    @FunctionalInterface
    public interface MaskMaker {
        Made make(Checkpoint model);
    }

    /**
     * A mask that was made.
     *
     * @param selectionSeconds for scores and masks from mapped weights
     */
    public record Made(SubModelMask mask, double selectionSeconds) {}

    /**
     * Prunes by statistics.
     *
     * @throws PruningException if parameters, statistics or target cannot be used
     * @throws dev.sparsecast.checkpoint.CheckpointException if the model or a file cannot be used
     */
    public static PruneResult run(PruneRequest request, Progress progress) {
        return run(request, progress, model -> {
            Calibration calibration = calibration(request, model);
            long start = System.nanoTime();
            SubModelMask mask = new Pruner()
                    .prune(model, List.of(calibration), request.parameters(), request.threads(), progress)
                    .getFirst();
            return new Made(mask, secondsSince(start));
        });
    }

    /**
     * Prunes by a mask that is made in some other way than from the statistics of the request.
     *
     * @throws PruningException if the target cannot be used
     * @throws dev.sparsecast.checkpoint.CheckpointException if the model or a file cannot be used
     */
    public static PruneResult run(PruneRequest request, Progress progress, MaskMaker maker) {
        long start = System.nanoTime();
        request.out().ifPresent(out -> CheckpointWriter.checkTarget(out, request.model()));
        try (Checkpoint model = Checkpoint.open(request.model())) {
            Made made = maker.make(model);
            SubModelMask mask = made.mask();
            request.mask().ifPresent(file -> MaskFile.write(file, mask));
            request.out().ifPresent(out -> CheckpointWriter.write(model, mask, out, request.threads(), progress));
            return new PruneResult(
                    mask.weights(),
                    mask.keptWeights(),
                    made.selectionSeconds(),
                    secondsSince(start),
                    request.threads(),
                    model.digest(),
                    mask.digest());
        }
    }

    private static Calibration calibration(PruneRequest request, Checkpoint model) {
        if (request.statistics().isEmpty()) {
            if (request.parameters().usesActivations()) {
                throw new PruningException(request.parameters().label()
                        + " needs activation statistics: make a file with profile and give it with --statistics");
            }
            return Calibration.none(model.config(), model.digest());
        }
        return Calibration.of(StatisticsFile.readMixed(request.statistics()), model.config(), model.digest());
    }

    private static double secondsSince(long start) {
        return (System.nanoTime() - start) / 1e9;
    }
}
