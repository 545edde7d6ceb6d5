package dev.sparsecast.wanda.delta;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class BitColumnsTest {
    @Test
    void turningOverABlockExchangesRowsAndColumns() {
        SplittableRandom random = new SplittableRandom(1);
        long[] block = random.longs(Long.SIZE).toArray();
        long[] turned = block.clone();
        BitColumns.transpose(turned);
        for (int row = 0; row < Long.SIZE; row++) {
            for (int column = 0; column < Long.SIZE; column++) {
                assertThat(turned[column] >>> row & 1).isEqualTo(block[row] >>> column & 1);
            }
        }
    }
}
