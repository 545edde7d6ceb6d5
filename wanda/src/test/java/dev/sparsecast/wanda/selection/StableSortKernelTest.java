package dev.sparsecast.wanda.selection;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsecast.checkpoint.ElementType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;

class StableSortKernelTest {
    /** |W|·norm = 2 6 2 4 0 2 and 3 3 3 3 0 3 */
    private static final float[] WEIGHTS = {1, -3, -2, 4, 9, -1, 1.5f, 1.5f, -3, 3, 7, 1.5f};

    private static final float[] NORMS = {2, 2, 1, 1, 0, 2};

    @Test
    void prunesTheLowestAndAmongEqualsTheLowerColumns() {
        assertThat(kept(new Selection.LowestOfRow(3))).containsExactly((byte) 0b10_1010, (byte) 0b10_1100);
        assertThat(kept(new Selection.LowestOfRow(2))).containsExactly((byte) 0b10_1110, (byte) 0b10_1110);
    }

    @Test
    void prunesInEveryGroupOnItsOwn() {
        assertThat(kept(new Selection.LowestOfGroup(1, 3))).containsExactly((byte) 0b10_1110, (byte) 0b10_1110);
        assertThat(kept(new Selection.LowestOfGroup(1, 2))).containsExactly((byte) 0b10_1010, (byte) 0b10_1010);
    }

    private static byte[] kept(Selection selection) {
        byte[] mask = new byte[2];
        SelectionJob job = new SelectionJob(
                new WeightMatrix(ElementType.F32, MemorySegment.ofArray(WEIGHTS), 2, 6),
                List.of(NORMS),
                selection,
                List.of(MemorySegment.ofArray(mask)));
        new StableSortKernel().selector().select(job, 0, 2);
        return mask;
    }
}
