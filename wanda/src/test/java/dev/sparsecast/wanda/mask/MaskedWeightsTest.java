package dev.sparsecast.wanda.mask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.checkpoint.ElementType;
import dev.sparsecast.checkpoint.Tensor;
import dev.sparsecast.wanda.PruningException;
import dev.sparsecast.wanda.TestModels;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class MaskedWeightsTest {
    @TempDir
    private Path directory;

    @ParameterizedTest
    @EnumSource(
            value = ElementType.class,
            names = {"BF16", "F16", "F32"})
    void prunedWeightsArePositiveZeroAndKeptOnesUntouched(ElementType type) throws Exception {
        Path path = TestModels.write(directory.resolve("m"), type, 1);
        SubModelMask mask = MaskFileTest.mask(path);
        try (Checkpoint model = Checkpoint.open(path)) {
            MaskedWeights masked = new MaskedWeights(model, mask);
            for (Mask module : mask.masks()) {
                Tensor before = model.tensor(module.module() + ".weight");
                Tensor after = masked.tensor(module.module() + ".weight");
                assertThat(after.shape()).isEqualTo(before.shape());
                assertThat(after.type()).isEqualTo(type);
                for (int row = 0; row < module.rows(); row++) {
                    for (int column = 0; column < module.columns(); column++) {
                        long index = (long) row * module.columns() + column;
                        double expected = module.kept(row, column) ? before.get(index) : 0.0;
                        assertThat(Double.doubleToRawLongBits(after.get(index)))
                                .isEqualTo(Double.doubleToRawLongBits(expected));
                    }
                }
            }
        }
    }

    @Test
    void everythingElseIsTheBaseModels() throws Exception {
        Path path = TestModels.write(directory.resolve("m"), ElementType.F32, 2);
        SubModelMask mask = MaskFileTest.mask(path);
        try (Checkpoint model = Checkpoint.open(path)) {
            MaskedWeights masked = new MaskedWeights(model, mask);
            assertThat(masked.config()).isEqualTo(model.config());
            assertThat(masked.tensor("model.embed_tokens.weight")).isSameAs(model.tensor("model.embed_tokens.weight"));
            assertThat(masked.hasTensor("model.norm.weight")).isTrue();
            assertThat(masked.hasTensor("lm_head.weight")).isFalse();
        }
    }

    @Test
    void aMaskOfAnotherShapeIsRefused() throws Exception {
        SubModelMask mask = MaskFileTest.mask(TestModels.tinyCoder());
        try (Checkpoint model = Checkpoint.open(TestModels.write(directory.resolve("m"), ElementType.F32, 2))) {
            assertThatThrownBy(() -> new MaskedWeights(model, mask))
                    .isInstanceOf(PruningException.class)
                    .hasMessageContaining("model.layers.0.self_attn.q_proj is 192 x 192");
        }
    }
}
