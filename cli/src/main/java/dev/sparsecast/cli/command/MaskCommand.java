package dev.sparsecast.cli.command;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.cli.terminal.ExitCode;
import dev.sparsecast.cli.terminal.Progress;
import dev.sparsecast.wanda.delta.MaskDelta;
import dev.sparsecast.wanda.mask.MappedMask;
import dev.sparsecast.wanda.mask.MaskFile;
import dev.sparsecast.wanda.mask.SubModelMask;
import dev.sparsecast.wanda.materialization.CheckpointWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code sparsecast mask}: what can be done with mask files. */
@Command(
        name = "mask",
        description = "Make a checkpoint from a mask, or a small file of what differs between two masks.",
        subcommands = {MaskCommand.Apply.class, MaskCommand.Delta.class, MaskCommand.ApplyDelta.class})
final class MaskCommand {
    /** {@code sparsecast mask apply}. */
    @Command(
            name = "apply",
            description = "Write the pruned checkpoint of a model and a mask, which must be of that model.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    static final class Apply implements Callable<Integer> {
        @Mixin
        private final ModelOption model = new ModelOption();

        @Option(
                names = "--mask",
                required = true,
                paramLabel = "FILE",
                description = "A mask file, as 'prune --mask' writes it.")
        private Path mask;

        @Option(
                names = "--out",
                required = true,
                paramLabel = "DIR",
                description = "Directory to write the pruned checkpoint to.")
        private Path out;

        @Mixin
        private final ThreadsOption threads = new ThreadsOption();

        @Mixin
        private final OutputOptions output = new OutputOptions();

        /** What {@code --json} prints. */
        record Result(String out, long weights, long keptWeights, double seconds, String maskDigest) {}

        @Override
        public Integer call() {
            Path directory = model.directory();
            CheckpointWriter.checkTarget(out, directory);
            long start = System.nanoTime();
            try (Checkpoint checkpoint = Checkpoint.open(directory);
                    MappedMask mapped = MaskFile.open(mask);
                    Progress line = Progress.ofProcess()) {
                SubModelMask applied = mapped.mask();
                CheckpointWriter.write(checkpoint, applied, out, threads.count(), PruningProgress.on(line));
                Result result = new Result(
                        out.toString(),
                        applied.weights(),
                        applied.keptWeights(),
                        (System.nanoTime() - start) / 1e9,
                        applied.digest());
                output.print(
                        result,
                        () -> String.format(
                                Locale.ROOT,
                                "kept %,d of %,d weights in %.2f s -> %s",
                                result.keptWeights(),
                                result.weights(),
                                result.seconds(),
                                out));
            }
            return ExitCode.DONE;
        }
    }

    /** {@code sparsecast mask delta}. */
    @Command(
            name = "delta",
            description = {
                "Write what turns one mask into another, both of the same model:",
                "smaller than the entropy of the difference, bit by bit."
            })
    @SuppressWarnings("NullAway.Init") // set by picocli
    static final class Delta implements Callable<Integer> {
        @Parameters(index = "0", paramLabel = "OLD", description = "The mask file that the delta starts from.")
        private Path parent;

        @Parameters(index = "1", paramLabel = "NEW", description = "The mask file that it leads to.")
        private Path child;

        @Option(names = "--out", required = true, paramLabel = "FILE", description = "Delta file to write.")
        private Path out;

        @Mixin
        private final ThreadsOption threads = new ThreadsOption();

        @Mixin
        private final OutputOptions output = new OutputOptions();

        /** What {@code --json} prints. */
        record Result(
                String out,
                long bits,
                long differingBits,
                long bytes,
                double entropyBytes,
                double ratioToEntropy,
                double seconds) {}

        @Override
        public Integer call() {
            try (MappedMask before = MaskFile.open(parent);
                    MappedMask after = MaskFile.open(child);
                    Progress line = Progress.ofProcess()) {
                long start = System.nanoTime();
                MaskDelta.Summary summary =
                        MaskDelta.write(out, before.mask(), after.mask(), threads.count(), PruningProgress.on(line));
                Result result = new Result(
                        out.toString(),
                        summary.bits(),
                        summary.differingBits(),
                        summary.bytes(),
                        summary.entropyBytes(),
                        summary.entropyBytes() == 0 ? 0 : summary.bytes() / summary.entropyBytes(),
                        (System.nanoTime() - start) / 1e9);
                output.print(
                        result,
                        () -> String.format(
                                Locale.ROOT,
                                "%,d of %,d bits differ: %,d bytes in %.2f s, %.2f of their entropy of %,.0f bytes -> %s",
                                result.differingBits(),
                                result.bits(),
                                result.bytes(),
                                result.seconds(),
                                result.ratioToEntropy(),
                                result.entropyBytes(),
                                out));
            }
            return ExitCode.DONE;
        }
    }

    /** {@code sparsecast mask apply-delta}. */
    @Command(
            name = "apply-delta",
            description = "Make the new mask from the old one and their delta, and check it against its digest.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    static final class ApplyDelta implements Callable<Integer> {
        @Parameters(index = "0", paramLabel = "OLD", description = "The mask file that the delta starts from.")
        private Path parent;

        @Parameters(index = "1", paramLabel = "DELTA", description = "A delta file, as 'mask delta' writes it.")
        private Path delta;

        @Option(names = "--out", required = true, paramLabel = "FILE", description = "Mask file to write.")
        private Path out;

        @Mixin
        private final ThreadsOption threads = new ThreadsOption();

        @Mixin
        private final OutputOptions output = new OutputOptions();

        /** What {@code --json} prints. */
        record Result(String out, long weights, long keptWeights, double seconds, String maskDigest) {}

        @Override
        public Integer call() {
            try (MappedMask before = MaskFile.open(parent);
                    Progress line = Progress.ofProcess()) {
                long start = System.nanoTime();
                SubModelMask mask = MaskDelta.apply(delta, before.mask(), threads.count(), PruningProgress.on(line));
                double seconds = (System.nanoTime() - start) / 1e9;
                MaskFile.write(out, mask);
                Result result = new Result(out.toString(), mask.weights(), mask.keptWeights(), seconds, mask.digest());
                output.print(
                        result,
                        () -> String.format(
                                Locale.ROOT,
                                "kept %,d of %,d weights; mask %s in %.2f s -> %s",
                                result.keptWeights(),
                                result.weights(),
                                result.maskDigest(),
                                result.seconds(),
                                out));
            }
            return ExitCode.DONE;
        }
    }
}
