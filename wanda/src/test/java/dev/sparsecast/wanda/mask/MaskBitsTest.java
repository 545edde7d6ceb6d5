package dev.sparsecast.wanda.mask;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MaskBitsTest {
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 7, 8, 9, 63, 64, 65, 1000, 4099})
    void countsAsBitByBit(int size) {
        SplittableRandom random = new SplittableRandom(size);
        byte[] a = new byte[size];
        byte[] b = new byte[size];
        random.nextBytes(a);
        random.nextBytes(b);
        long count = 0;
        long both = 0;
        long either = 0;
        for (int bit = 0; bit < size * Byte.SIZE; bit++) {
            boolean inA = (a[bit / Byte.SIZE] >>> bit % Byte.SIZE & 1) != 0;
            boolean inB = (b[bit / Byte.SIZE] >>> bit % Byte.SIZE & 1) != 0;
            count += inA ? 1 : 0;
            both += inA && inB ? 1 : 0;
            either += inA || inB ? 1 : 0;
        }
        MemorySegment first = MemorySegment.ofArray(a);
        assertThat(MaskBits.count(first)).isEqualTo(count);
        assertThat(MaskBits.overlap(first, MemorySegment.ofArray(b))).isEqualTo(new MaskBits.Overlap(both, either));
    }
}
