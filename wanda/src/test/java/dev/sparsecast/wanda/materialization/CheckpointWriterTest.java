package dev.sparsecast.wanda.materialization;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.checkpoint.ElementType;
import dev.sparsecast.checkpoint.Tensor;
import dev.sparsecast.wanda.Calibration;
import dev.sparsecast.wanda.Method;
import dev.sparsecast.wanda.Pattern;
import dev.sparsecast.wanda.Progress;
import dev.sparsecast.wanda.PruningException;
import dev.sparsecast.wanda.PruningParameters;
import dev.sparsecast.wanda.TestModels;
import dev.sparsecast.wanda.mask.MaskedWeights;
import dev.sparsecast.wanda.mask.SubModelMask;
import dev.sparsecast.wanda.pruning.Pruner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CheckpointWriterTest {
    @TempDir
    private Path directory;

    @ParameterizedTest
    @EnumSource(
            value = ElementType.class,
            names = {"BF16", "F16", "F32"})
    void writesTheModelWithZerosWhereTheMaskHasThem(ElementType type) throws Exception {
        Path target = directory.resolve("pruned");
        try (Checkpoint model = Checkpoint.open(TestModels.write(directory.resolve("m"), type, 1))) {
            SubModelMask mask = mask(model);
            CheckpointWriter.write(model, mask, target, 2, Progress.SILENT);
            try (Checkpoint pruned = Checkpoint.open(target)) {
                MaskedWeights expected = new MaskedWeights(model, mask);
                assertThat(pruned.tensorNames()).isEqualTo(model.tensorNames());
                for (String name : model.tensorNames()) {
                    Tensor tensor = pruned.tensor(name);
                    assertThat(tensor.type()).isEqualTo(type);
                    assertThat(tensor.data().mismatch(expected.tensor(name).data()))
                            .as(name)
                            .isEqualTo(-1);
                }
                assertThat(pruned.shards().getFirst().metadata()).containsEntry("format", "pt");
            }
        }
    }

    @Test
    void copiesEverythingElseButHiddenFilesAndDenseWeights() throws Exception {
        Path base = TestModels.write(directory.resolve("m"), ElementType.F32, 2);
        Path target = directory.resolve("pruned");
        write(base, target);
        assertThat(names(target))
                .containsExactlyInAnyOrder(
                        "config.json",
                        "tokenizer.json",
                        "generation_config.json",
                        "extra/notes.txt",
                        "model.safetensors.index.json",
                        "model-00001-of-00002.safetensors",
                        "model-00002-of-00002.safetensors");
        for (String same : List.of("config.json", "tokenizer.json", "model.safetensors.index.json")) {
            assertThat(target.resolve(same)).hasSameBinaryContentAs(base.resolve(same));
        }
        assertThat(names(directory)).noneMatch(name -> name.contains(".partial"));
    }

    @Test
    void anEmptyTargetIsFilledAndAnyOtherRefusedAndLeftAlone() throws Exception {
        Path base = TestModels.write(directory.resolve("m"), ElementType.F32, 3);
        Path empty = Files.createDirectory(directory.resolve("empty"));
        write(base, empty);
        assertThat(empty.resolve("config.json")).exists();
        assertThatThrownBy(() -> write(base, empty))
                .isInstanceOf(PruningException.class)
                .hasMessageContaining("is not empty");
        Path file = Files.writeString(directory.resolve("file"), "precious");
        assertThatThrownBy(() -> write(base, file))
                .isInstanceOf(PruningException.class)
                .hasMessageContaining("is not a directory");
        assertThat(file).hasContent("precious");
        assertThatThrownBy(() -> write(base, directory.resolve("no/such")))
                .isInstanceOf(PruningException.class)
                .hasMessageContaining("parent directory");
    }

    @Test
    void theModelsOwnDirectoryAndWhatIsInsideAreRefused() throws Exception {
        Path base = TestModels.write(directory.resolve("m"), ElementType.F32, 8);
        Path link = Files.createSymbolicLink(directory.resolve("link"), base);
        for (Path inside : List.of(base.resolve("pruned"), base.resolve("extra/pruned"), link.resolve("pruned"))) {
            assertThatThrownBy(() -> write(base, inside))
                    .isInstanceOf(PruningException.class)
                    .hasMessageContaining("is inside the base model's directory");
        }
        for (Path same : List.of(base, link)) {
            assertThatThrownBy(() -> write(base, same))
                    .isInstanceOf(PruningException.class)
                    .hasMessageContaining("is the base model's own directory");
        }
    }

    @Test
    void linksOfACacheAreCopiedAsFiles() throws Exception {
        Path blobs = TestModels.write(directory.resolve("blobs"), ElementType.F32, 9);
        Path snapshot =
                Files.createDirectories(directory.resolve("snapshot/extra")).getParent();
        for (String name : names(blobs)) {
            Files.createSymbolicLink(snapshot.resolve(name), blobs.resolve(name));
        }
        Path target = directory.resolve("pruned");
        write(snapshot, target);
        assertThat(names(target)).contains("extra/notes.txt", "model-00002-of-00002.safetensors");
        for (String name : names(target)) {
            assertThat(Files.isSymbolicLink(target.resolve(name))).as(name).isFalse();
        }
    }

    @Test
    void aFailureLeavesNothingBehind() throws Exception {
        Path base = TestModels.write(directory.resolve("m"), ElementType.F32, 4);
        try (Checkpoint model = Checkpoint.open(base)) {
            SubModelMask mask = mask(model);
            Progress failing = (stage, done, total) -> {
                throw new IllegalStateException("stop");
            };
            assertThatThrownBy(() -> CheckpointWriter.write(model, mask, directory.resolve("pruned"), 2, failing))
                    .isInstanceOf(IllegalStateException.class);
        }
        assertThat(names(directory)).allMatch(name -> name.startsWith("m/"));
    }

    @Test
    void whatAKilledProcessLeftBehindIsRemoved() throws Exception {
        Path base = TestModels.write(directory.resolve("m"), ElementType.F32, 5);
        Path abandoned = directory.resolve(".pruned.partial-999999999999");
        Files.createDirectories(abandoned.resolve("extra"));
        Files.writeString(abandoned.resolve("extra/half"), "half");
        write(base, directory.resolve("pruned"));
        assertThat(abandoned).doesNotExist();
    }

    @Test
    void aMaskOfAnotherModelIsRefused() throws Exception {
        SubModelMask mask;
        try (Checkpoint other = Checkpoint.open(TestModels.write(directory.resolve("other"), ElementType.F32, 6))) {
            mask = mask(other);
        }
        try (Checkpoint model = Checkpoint.open(TestModels.write(directory.resolve("m"), ElementType.F32, 7))) {
            assertThatThrownBy(
                            () -> CheckpointWriter.write(model, mask, directory.resolve("pruned"), 1, Progress.SILENT))
                    .isInstanceOf(PruningException.class)
                    .hasMessageContaining(mask.modelDigest());
        }
    }

    @Test
    void reportsEveryByteAsProgress() throws Exception {
        List<Long> done = new ArrayList<>();
        List<Long> totals = new ArrayList<>();
        try (Checkpoint model = Checkpoint.open(TestModels.tinyCoder())) {
            CheckpointWriter.write(model, mask(model), directory.resolve("pruned"), 2, (stage, amount, total) -> {
                done.add(amount);
                totals.add(total);
            });
        }
        assertThat(done).isSorted();
        assertThat(totals).containsOnly(done.getLast());
    }

    private static void write(Path base, Path target) {
        try (Checkpoint model = Checkpoint.open(base)) {
            CheckpointWriter.write(model, mask(model), target, 2, Progress.SILENT);
        }
    }

    private static SubModelMask mask(Checkpoint model) {
        PruningParameters parameters = new PruningParameters(Method.MAGNITUDE, Pattern.UNSTRUCTURED, 0.5);
        return new Pruner()
                .prune(model, List.of(Calibration.none(model.config(), model.digest())), parameters, 2)
                .getFirst();
    }

    private static List<String> names(Path directory) throws IOException {
        try (Stream<Path> walk = Files.walk(directory)) {
            return walk.filter(Files::isRegularFile)
                    .map(path -> directory.relativize(path).toString())
                    .toList();
        }
    }
}
