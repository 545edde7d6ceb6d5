package dev.sparsecast.deployer.materialization;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.checkpoint.CheckpointException;
import dev.sparsecast.checkpoint.PrunableModule;
import dev.sparsecast.checkpoint.Tensor;
import dev.sparsecast.deployer.trust.RefusedException;
import dev.sparsecast.wanda.Method;
import dev.sparsecast.wanda.Pattern;
import dev.sparsecast.wanda.PruningParameters;
import dev.sparsecast.wanda.mask.Mask;
import dev.sparsecast.wanda.mask.SubModelMask;
import dev.sparsecast.wanda.parallel.TaskQueue;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Reads a pruned checkpoint back and checks it against the base model, weight by weight: every weight of a prunable
 * module is the base model's or {@code +0}, everything else is the base model's, and the zeros make the promised mask.
 *
 * <p>Where the base model has a zero itself, a kept weight looks like a pruned one. Scores make such weights the first to
 * go, so the mask nearly always comes out all the same; where it does not, and the base model has such zeros, the digest
 * cannot be decided and the rest of the check stands.
 */
public final class MaskCheck {
    /** A mask made of observed zeros has no parameters of its own, and its digest does not depend on them. */
    private static final PruningParameters OBSERVED =
            new PruningParameters(Method.parse("magnitude"), Pattern.parse("unstructured"), 0);

    private MaskCheck() {}

    /**
     * Checks a checkpoint.
     *
     * @param maskDigest the promised digest, {@code sha256:…}
     * @throws RefusedException if it is not the base model with that mask
     * @throws CheckpointException if it is no checkpoint that can be loaded
     */
    public static void check(Checkpoint base, Path directory, String maskDigest, int threads) {
        Observed observed = observe(base, directory, threads);
        if (observed.undecidable() == 0 && !observed.mask().digest().equals(maskDigest)) {
            throw new RefusedException("the checkpoint's zeros make the mask "
                    + observed.mask().digest() + ", promised was " + maskDigest);
        }
    }

    /**
     * The mask that a checkpoint's zeros make, whose parameters mean nothing. Where the base model has a zero itself, the
     * weight counts as pruned.
     *
     * @throws RefusedException if it is not the base model with some mask
     * @throws CheckpointException if it is no checkpoint that can be loaded
     */
    static SubModelMask maskOf(Checkpoint base, Path directory, int threads) {
        return observe(base, directory, threads).mask();
    }

    /** @param undecidable how many zeros may be kept weights */
    private record Observed(SubModelMask mask, long undecidable) {}

    private static Observed observe(Checkpoint base, Path directory, int threads) {
        try (Checkpoint pruned = Checkpoint.open(directory)) {
            if (!pruned.config().equals(base.config())) {
                throw new RefusedException("the checkpoint's config.json describes another model than the base model");
            }
            if (!pruned.tensorNames().equals(base.tensorNames())) {
                throw new RefusedException("the checkpoint has other tensors than the base model");
            }
            checkUnpruned(base, pruned);
            SubModelMask mask = SubModelMask.allocate(base.digest(), OBSERVED, base.config());
            return new Observed(mask, observe(base, pruned, mask, threads));
        }
    }

    private static void checkUnpruned(Checkpoint base, Checkpoint pruned) {
        Set<String> prunable = PrunableModule.of(base.config()).stream()
                .map(PrunableModule::weight)
                .collect(Collectors.toSet());
        for (String name : base.tensorNames()) {
            Tensor expected = base.tensor(name);
            Tensor found = pruned.tensor(name);
            if (found.type() != expected.type() || !found.shape().equals(expected.shape())) {
                throw new RefusedException(
                        "the checkpoint's tensor " + name + " is of another type or shape than the" + " base model's");
            }
            if (!prunable.contains(name) && found.data().mismatch(expected.data()) >= 0) {
                throw new RefusedException(
                        "the checkpoint's tensor " + name + ", which is never pruned, is not the base" + " model's");
            }
        }
    }

    /** Fills a mask with what is not zero; returns how many zeros may be kept weights. */
    private static long observe(Checkpoint base, Checkpoint pruned, SubModelMask observed, int threads) {
        List<PrunableModule> modules = PrunableModule.of(base.config());
        AtomicLong undecidable = new AtomicLong();
        Function<PrunableModule, ZeroScan> scan = module -> new ZeroScan(
                base.tensor(module.weight()),
                pruned.tensor(module.weight()),
                observed.mask(module.name()).map(Mask::bits).orElseThrow());
        TaskQueue.run(
                threads,
                modules.size(),
                () -> task ->
                        undecidable.addAndGet(scan.apply(modules.get(task)).run()));
        return undecidable.get();
    }
}
