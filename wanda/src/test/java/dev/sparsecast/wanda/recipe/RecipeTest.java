package dev.sparsecast.wanda.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.checkpoint.ElementType;
import dev.sparsecast.wanda.Calibration;
import dev.sparsecast.wanda.PruningException;
import dev.sparsecast.wanda.PruningParameters;
import dev.sparsecast.wanda.TestModels;
import dev.sparsecast.wanda.mask.SubModelMask;
import dev.sparsecast.wanda.pruning.Pruner;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RecipeTest {
    @TempDir
    private Path directory;

    @ParameterizedTest
    @CsvSource({
        "wanda,unstructured,0.6",
        "wanda,2:4,0.5",
        "magnitude,unstructured,0.25",
        "ria,whole-matrix,0.5",
        "owl,unstructured,0.7"
    })
    void makesTheSameMaskFromTheBaseModelAlone(String method, String pattern, double sparsity) throws Exception {
        try (Checkpoint model = Checkpoint.open(TestModels.tinyCoder())) {
            PruningParameters parameters = PruningParameters.parse(method, pattern, OptionalDouble.of(sparsity));
            Calibration calibration = calibration(model);
            SubModelMask mask = new Pruner()
                    .prune(model, List.of(calibration), parameters, 2)
                    .getFirst();
            Path file = directory.resolve("recipe.safetensors");
            Recipe.of(mask, calibration).write(file);
            Recipe read = Recipe.read(file);
            assertThat(read.parameters()).isEqualTo(mask.parameters());
            assertThat(read.parameters().label()).isEqualTo(parameters.label());
            assertThat(read.maskDigest()).isEqualTo(mask.digest());
            assertThat(read.modelDigest()).isEqualTo(model.digest());
            assertThat(read.apply(model, 2).digest()).isEqualTo(mask.digest());
            assertThat(Files.size(file)).isLessThan(40_000); // 6 layers of 1088 float32, and a header
        }
    }

    @Test
    void equalRecipesMakeEqualBytes() throws Exception {
        try (Checkpoint model = Checkpoint.open(TestModels.tinyCoder())) {
            Recipe recipe = recipe(model);
            recipe.write(directory.resolve("a"));
            Recipe.read(directory.resolve("a")).write(directory.resolve("b"));
            assertThat(directory.resolve("b")).hasSameBinaryContentAs(directory.resolve("a"));
        }
    }

    @Test
    void aMaskThatComesOutDifferentIsRefused() {
        try (Checkpoint model = Checkpoint.open(TestModels.tinyCoder())) {
            Recipe recipe = recipe(model);
            Recipe lying = new Recipe(recipe.parameters(), recipe.calibration(), "sha256:other");
            assertThatThrownBy(() -> lying.apply(model, 2))
                    .isInstanceOf(PruningException.class)
                    .hasMessageContaining("promises mask sha256:other but gives " + recipe.maskDigest());
        }
    }

    @Test
    void anotherBaseModelIsRefused() throws Exception {
        try (Checkpoint model = Checkpoint.open(TestModels.tinyCoder());
                Checkpoint other = Checkpoint.open(TestModels.write(directory.resolve("m"), ElementType.F32, 1))) {
            assertThatThrownBy(() -> recipe(model).apply(other, 2))
                    .isInstanceOf(PruningException.class)
                    .hasMessageContaining(model.digest())
                    .hasMessageContaining(other.digest());
        }
    }

    @Test
    void anotherFileIsRefused() {
        assertThatThrownBy(() -> Recipe.read(TestModels.tinyCoder().resolve("model.safetensors")))
                .isInstanceOf(PruningException.class)
                .hasMessageContaining("is no recipe");
    }

    private static Recipe recipe(Checkpoint model) {
        Calibration calibration = calibration(model);
        PruningParameters parameters = PruningParameters.parse("wanda", "unstructured", OptionalDouble.of(0.5));
        return Recipe.of(
                new Pruner().prune(model, List.of(calibration), parameters, 2).getFirst(), calibration);
    }

    private static Calibration calibration(Checkpoint model) {
        return Calibration.of(TestModels.madeUpStatistics(model.config()), model.config(), model.digest());
    }
}
