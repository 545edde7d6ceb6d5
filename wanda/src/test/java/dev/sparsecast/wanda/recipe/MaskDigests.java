package dev.sparsecast.wanda.recipe;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.checkpoint.ElementType;
import dev.sparsecast.wanda.Calibration;
import dev.sparsecast.wanda.Method;
import dev.sparsecast.wanda.Pattern;
import dev.sparsecast.wanda.PruningParameters;
import dev.sparsecast.wanda.TestModels;
import dev.sparsecast.wanda.mask.SubModelMask;
import dev.sparsecast.wanda.pruning.Pruner;
import dev.sparsecast.wanda.selection.Kernels;
import dev.sparsecast.wanda.selection.SelectionKernel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeSet;

/** Makes masks in every way that this JVM has and prints the digests that came out, for {@link RecipeDeterminismTest}. */
final class MaskDigests {
    private static final List<PruningParameters> PARAMETERS = List.of(
            PruningParameters.parse("wanda", "unstructured", OptionalDouble.of(0.6)),
            PruningParameters.parse("wanda", "2:4", OptionalDouble.of(0.5)),
            PruningParameters.parse("ria", "unstructured", OptionalDouble.of(0.5)),
            PruningParameters.parse("owl", "whole-matrix", OptionalDouble.of(0.7)));

    private MaskDigests() {}

    /** Prints a line for each model and way to prune, with all different digests. */
    public static void main(String[] arguments) throws IOException {
        lines(Path.of(arguments[0]), Boolean.parseBoolean(arguments[1])).forEach(System.out::println);
    }

    /**
     * The lines.
     *
     * @param directory for models; made if it is not there
     * @param isSlow whether to leave out the bundled model
     */
    static List<String> lines(Path directory, boolean isSlow) throws IOException {
        Files.createDirectories(directory);
        List<String> lines = new ArrayList<>();
        List<SelectionKernel> kernels = Kernels.all();
        if (!isSlow) {
            lines.addAll(lines(TestModels.tinyCoder(), kernels.subList(1, kernels.size()), directory));
        }
        for (ElementType type : List.of(ElementType.BF16, ElementType.F16, ElementType.F32)) {
            lines.addAll(lines(TestModels.write(directory.resolve(type.name()), type, 5), kernels, directory));
        }
        return lines;
    }

    private static List<String> lines(Path path, List<SelectionKernel> kernels, Path directory) throws IOException {
        List<String> lines = new ArrayList<>();
        try (Checkpoint model = Checkpoint.open(path)) {
            Calibration calibration =
                    Calibration.of(TestModels.madeUpStatistics(model.config()), model.config(), model.digest());
            for (PruningParameters parameters : PARAMETERS) {
                Set<String> digests = new TreeSet<>();
                Set<String> recipes = new TreeSet<>();
                for (Pruner pruner : pruners(parameters, kernels)) {
                    for (int threads : List.of(1, 5)) {
                        SubModelMask mask = pruner.prune(model, List.of(calibration), parameters, threads)
                                .getFirst();
                        digests.add(mask.digest());
                        recipes.add(sha256(Recipe.of(mask, calibration), directory));
                    }
                }
                lines.add(
                        path.getFileName() + " " + parameters.label() + ": masks " + digests + ", recipes " + recipes);
            }
        }
        return lines;
    }

    /** One for each kernel; scores that no kernel computes need no more than one. */
    private static List<Pruner> pruners(PruningParameters parameters, List<SelectionKernel> kernels) {
        List<Pruner> pruners = new ArrayList<>(List.of(new Pruner()));
        if (parameters.method() != Method.RIA && !(parameters.pattern() instanceof Pattern.WholeMatrix)) {
            kernels.stream().map(Pruner::new).forEach(pruners::add);
        }
        return pruners;
    }

    private static String sha256(Recipe recipe, Path directory) throws IOException {
        Path file = directory.resolve("recipe.safetensors");
        recipe.write(file);
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
