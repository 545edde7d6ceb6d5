package dev.sparsecast.cli.command;

import dev.sparsecast.cli.terminal.ExitCode;
import dev.sparsecast.wanda.mask.MappedMask;
import dev.sparsecast.wanda.mask.MaskComparison;
import dev.sparsecast.wanda.mask.MaskComparison.Difference;
import dev.sparsecast.wanda.mask.MaskFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code sparsecast compare}: how far two masks are apart. */
@Command(
        name = "compare",
        description = "Compare two mask files: share of differing bits and Jaccard distance, per layer and overall.")
@SuppressWarnings("NullAway.Init") // set by picocli
final class CompareCommand implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "MASK", description = "A mask file, as 'prune --mask' writes it.")
    private Path first;

    @Parameters(index = "1", paramLabel = "MASK", description = "Another one, of the same model.")
    private Path second;

    @Mixin
    private final OutputOptions output = new OutputOptions();

    /** One decoder block. */
    record Layer(int layer, long bits, long differingBits, double differingShare, double jaccardDistance) {}

    /** What {@code --json} prints. */
    record Result(long bits, long differingBits, double differingShare, double jaccardDistance, List<Layer> layers) {}

    @Override
    public Integer call() {
        MaskComparison comparison = compare();
        List<Layer> layers = new ArrayList<>();
        for (Difference layer : comparison.layers()) {
            layers.add(new Layer(
                    layers.size(),
                    layer.bits(),
                    layer.differingBits(),
                    layer.differingShare(),
                    layer.jaccardDistance()));
        }
        Difference total = comparison.total();
        Result result = new Result(
                total.bits(), total.differingBits(), total.differingShare(), total.jaccardDistance(), layers);
        output.print(result, () -> describe(result));
        return ExitCode.DONE;
    }

    private MaskComparison compare() {
        try (MappedMask a = MaskFile.open(first);
                MappedMask b = MaskFile.open(second)) {
            return MaskComparison.of(a.mask(), b.mask(), Runtime.getRuntime().availableProcessors());
        }
    }

    private static String describe(Result result) {
        StringBuilder text = new StringBuilder("layer    differing bits          share   Jaccard distance");
        for (Layer layer : result.layers()) {
            text.append(row(
                    Integer.toString(layer.layer()),
                    layer.differingBits(),
                    layer.differingShare(),
                    layer.jaccardDistance()));
        }
        return text.append(row("all", result.differingBits(), result.differingShare(), result.jaccardDistance()))
                .toString();
    }

    private static String row(String layer, long differing, double share, double jaccard) {
        return String.format(Locale.ROOT, "%n%5s  %,16d  %11.3f %%  %17.4f", layer, differing, 100 * share, jaccard);
    }
}
