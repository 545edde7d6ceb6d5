package dev.sparsecast.wanda.selection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.sparsecast.checkpoint.ElementType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TieredKernelTest {
    @BeforeEach
    void onlyWhereItCanRun() {
        assumeThat(VectorKernel.preferredBits()).isGreaterThanOrEqualTo(VectorKernel.LEAST_BITS);
    }

    @Test
    void handsOverToTheVectorKernelWithoutChangingTheMask() throws Exception {
        TieredKernel kernel = new TieredKernel(1, Double.MAX_VALUE); // whatever runs counts as compiled
        float[] weights = new float[640];
        float[] norms = new float[64];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = i * 37 % 101 - 50;
            norms[i % 64] = 1 + i % 7;
        }
        byte[] mask = new byte[80];
        SelectionJob job = new SelectionJob(
                new WeightMatrix(ElementType.F32, MemorySegment.ofArray(weights), 10, 64),
                List.of(norms),
                new Selection.LowestOfRow(32),
                List.of(MemorySegment.ofArray(mask)));
        SelectionKernel.RowSelector selector = kernel.selector();
        selector.select(job, 0, 10);
        byte[] before = mask.clone();
        while (!kernel.isCompiled(job)) {
            Thread.sleep(1);
        }
        MemorySegment.ofArray(mask).fill((byte) 0);
        selector.select(job, 0, 10);
        assertThat(mask).isEqualTo(before);
    }
}
