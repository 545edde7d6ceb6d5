package dev.sparsecast.wanda.mask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.checkpoint.ElementType;
import dev.sparsecast.checkpoint.PrunableModule;
import dev.sparsecast.checkpoint.SafetensorsFile;
import dev.sparsecast.wanda.Calibration;
import dev.sparsecast.wanda.Method;
import dev.sparsecast.wanda.Pattern;
import dev.sparsecast.wanda.PruningException;
import dev.sparsecast.wanda.PruningParameters;
import dev.sparsecast.wanda.TestModels;
import dev.sparsecast.wanda.selection.HistogramKernel;
import dev.sparsecast.wanda.selection.Selection;
import dev.sparsecast.wanda.selection.SelectionJob;
import dev.sparsecast.wanda.selection.WeightMatrix;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MaskFileTest {
    private static final PruningParameters PARAMETERS =
            new PruningParameters(Method.MAGNITUDE, Pattern.UNSTRUCTURED, 0.3);

    @TempDir
    private Path directory;

    @Test
    void whatWasWrittenIsRead() throws Exception {
        SubModelMask mask = mask(TestModels.write(directory.resolve("m"), ElementType.F32, 1));
        MaskFile.write(directory.resolve("a.mask"), mask);
        SubModelMask read = MaskFile.read(directory.resolve("a.mask"));
        assertThat(read.digest()).isEqualTo(mask.digest());
        assertThat(read.parameters()).isEqualTo(PARAMETERS);
        assertThat(read.modelDigest()).isEqualTo(mask.modelDigest());
        assertThat(read.masks()).extracting(Mask::columns).containsOnly(12, 20); // no multiples of 8
        assertThat(read.keptWeights()).isEqualTo(mask.keptWeights());
        assertThat(MaskComparison.of(mask, read).total().differingBits()).isZero();
    }

    @Test
    void theFileIsWhatTheContractSays() throws Exception {
        SubModelMask mask = mask(TestModels.tinyCoder());
        Path file = directory.resolve("a.mask");
        MaskFile.write(file, mask);
        try (SafetensorsFile safetensors = SafetensorsFile.open(file)) {
            assertThat(safetensors.metadata())
                    .containsOnly(
                            java.util.Map.entry("format", "sparsecast-mask"),
                            java.util.Map.entry("sparsity", "0.3"),
                            java.util.Map.entry("pattern", "unstructured"),
                            java.util.Map.entry("method", "magnitude"),
                            java.util.Map.entry("model", mask.modelDigest()),
                            java.util.Map.entry("digest", safetensors.dataDigest()));
            var down = safetensors.tensor("model.layers.5.mlp.down_proj.mask");
            assertThat(down.type()).isEqualTo(ElementType.U8);
            assertThat(down.shape()).containsExactly(192L, 64L);
            byte first = down.data().get(ValueLayout.JAVA_BYTE, 3 * 64 + 1);
            Mask expected = mask.mask("model.layers.5.mlp.down_proj").orElseThrow();
            for (int bit = 0; bit < 8; bit++) {
                assertThat((first >> bit & 1) == 1).isEqualTo(expected.kept(3, 8 + bit));
            }
        }
    }

    @Test
    void equalMasksMakeEqualFiles() throws Exception {
        MaskFile.write(directory.resolve("a"), mask(TestModels.tinyCoder()));
        MaskFile.write(directory.resolve("b"), mask(TestModels.tinyCoder()));
        assertThat(directory.resolve("a")).hasSameBinaryContentAs(directory.resolve("b"));
    }

    @Test
    void aDamagedFileIsRefused() throws Exception {
        Path file = directory.resolve("a.mask");
        MaskFile.write(file, mask(TestModels.tinyCoder()));
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 5] ^= 4;
        Files.write(file, bytes);
        assertThatThrownBy(() -> MaskFile.read(file))
                .isInstanceOf(PruningException.class)
                .hasMessageContaining("is damaged");
    }

    @Test
    void anotherFileIsRefused() {
        assertThatThrownBy(() -> MaskFile.read(TestModels.tinyCoder().resolve("model.safetensors")))
                .isInstanceOf(PruningException.class)
                .hasMessageContaining("is no mask file");
    }

    /** Magnitude pruning, module by module. */
    static SubModelMask mask(Path model) throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(model)) {
            SubModelMask mask = SubModelMask.allocate(checkpoint.digest(), PARAMETERS, checkpoint.config());
            Calibration ones = Calibration.none(checkpoint.config(), checkpoint.digest());
            for (PrunableModule module : PrunableModule.of(checkpoint.config())) {
                SelectionJob job = new SelectionJob(
                        WeightMatrix.of(checkpoint.tensor(module.weight())),
                        List.of(ones.norms(module.layer(), module.tap())),
                        Selection.of(PARAMETERS, module.layer(), module.name(), module.columns()),
                        List.of(mask.mask(module.name()).orElseThrow().bits()));
                new HistogramKernel().selector().select(job, 0, module.rows());
            }
            return mask;
        }
    }
}
