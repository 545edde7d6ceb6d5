package dev.sparsecast.wanda.mask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.wanda.Method;
import dev.sparsecast.wanda.Pattern;
import dev.sparsecast.wanda.PruningException;
import dev.sparsecast.wanda.PruningParameters;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.SplittableRandom;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class MaskComparisonTest {
    private static final PruningParameters PARAMETERS = new PruningParameters(Method.WANDA, Pattern.UNSTRUCTURED, 0.5);

    @Test
    void countsOverallAndPerLayer() {
        SubModelMask a =
                subModel(mask("model.layers.0.mlp.up_proj", 0b1100), mask("model.layers.10.mlp.up_proj", 0b1111));
        SubModelMask b =
                subModel(mask("model.layers.0.mlp.up_proj", 0b1010), mask("model.layers.10.mlp.up_proj", 0b1111));
        MaskComparison comparison = MaskComparison.of(a, b);
        assertThat(comparison.layers())
                .containsExactly(new MaskComparison.Difference(5, 2, 1, 3), new MaskComparison.Difference(5, 0, 4, 4));
        assertThat(comparison.total()).isEqualTo(new MaskComparison.Difference(10, 2, 5, 7));
        assertThat(comparison.total().jaccardDistance()).isEqualTo(1 - 5.0 / 7, Offset.offset(1e-15));
        assertThat(comparison.total().differingShare()).isEqualTo(0.2);
    }

    @Test
    void nothingKeptByEitherIsNoDifference() {
        SubModelMask none = subModel(mask("model.layers.0.mlp.up_proj", 0));
        assertThat(MaskComparison.of(none, none).total().jaccardDistance()).isZero();
    }

    @Test
    void countsLikeALoopOverSingleWeights() {
        SplittableRandom random = new SplittableRandom(5);
        for (int columns : new int[] {1, 13, 64, 75, 200}) {
            Mask a = random(random, columns);
            Mask b = random(random, columns);
            long differing = 0;
            long keptByA = 0;
            for (int row = 0; row < a.rows(); row++) {
                for (int column = 0; column < columns; column++) {
                    differing += a.kept(row, column) == b.kept(row, column) ? 0 : 1;
                    keptByA += a.kept(row, column) ? 1 : 0;
                }
            }
            MaskComparison.Difference difference = MaskComparison.difference(a, b);
            assertThat(difference.differingBits()).isEqualTo(differing);
            assertThat(difference.bits()).isEqualTo(7L * columns);
            assertThat(a.keptWeights()).isEqualTo(keptByA);
        }
    }

    @Test
    void masksOfDifferentModelsAreRefused() {
        SubModelMask a = subModel(mask("model.layers.0.mlp.up_proj", 1));
        SubModelMask b = subModel(mask("model.layers.0.mlp.gate_proj", 1));
        assertThatThrownBy(() -> MaskComparison.of(a, b))
                .isInstanceOf(PruningException.class)
                .hasMessageContaining("model.layers.0.mlp.up_proj");
    }

    private static SubModelMask subModel(Mask... masks) {
        return SubModelMask.of("sha256:x", PARAMETERS, List.of(masks));
    }

    private static Mask mask(String module, int bits) {
        return new Mask(module, 1, 5, MemorySegment.ofArray(new byte[] {(byte) bits}));
    }

    private static Mask random(SplittableRandom random, int columns) {
        int rowBytes = (columns + 7) / 8;
        byte[] bytes = new byte[7 * rowBytes];
        random.nextBytes(bytes);
        for (int row = 1; columns % 8 != 0 && row <= 7; row++) {
            bytes[row * rowBytes - 1] &= (byte) ((1 << columns % 8) - 1);
        }
        MemorySegment bits = Arena.ofAuto().allocate(bytes.length);
        bits.copyFrom(MemorySegment.ofArray(bytes));
        return new Mask("model.layers.0.mlp.up_proj", 7, columns, bits);
    }
}
