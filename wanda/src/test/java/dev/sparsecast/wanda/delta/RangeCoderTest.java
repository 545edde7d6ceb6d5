package dev.sparsecast.wanda.delta;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RangeCoderTest {
    private static final int COUNT = 200_000;

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.001, 0.02, 0.5, 0.9, 1})
    void bitsComeBackAndTakeTheirEntropy(double share) {
        SplittableRandom random = new SplittableRandom(3);
        boolean[] bits = new boolean[COUNT];
        int[] numbers = new int[COUNT / 100];
        for (int i = 0; i < COUNT; i++) {
            bits[i] = random.nextDouble() < share;
            numbers[i / 100] = random.nextInt(1 << i / 100 % 17);
        }
        byte[] code = encode(bits, numbers);
        RangeDecoder decoder = new RangeDecoder(new AdaptiveBits(1), MemorySegment.ofArray(code));
        for (int i = 0; i < COUNT; i++) {
            assertThat(decoder.bit(0, false)).isEqualTo(bits[i]);
            if (i % 100 == 0) {
                assertThat(decoder.bits(i / 100 % 17, 0)).isEqualTo(numbers[i / 100]);
            }
        }
        decoder.checkEnd();
        double entropy = share == 0 || share == 1
                ? 0
                : -(share * Math.log(share) + (1 - share) * Math.log(1 - share)) / Math.log(2);
        assertThat(8.0 * code.length).isLessThan(COUNT * (entropy * 1.03 + 0.001) + 8.1 * numbers.length + 400);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, 100})
    void aShortenedOrLengthenedCodeIsNoticed(int size) {
        boolean[] bits = new boolean[2000];
        SplittableRandom random = new SplittableRandom(4);
        for (int i = 0; i < bits.length; i++) {
            bits[i] = random.nextBoolean();
        }
        byte[] code = encode(bits, new int[bits.length / 100]);
        assertThatThrownBy(() -> decode(Arrays.copyOf(code, size), bits.length))
                .isInstanceOf(DamagedCodeException.class);
        assertThatThrownBy(() -> decode(Arrays.copyOf(code, code.length + 1), bits.length))
                .isInstanceOf(DamagedCodeException.class);
    }

    private static byte[] encode(boolean[] bits, int[] numbers) {
        RangeEncoder encoder = new RangeEncoder(new AdaptiveBits(1));
        for (int i = 0; i < bits.length; i++) {
            encoder.bit(0, bits[i]);
            if (i % 100 == 0) {
                encoder.bits(i / 100 % 17, numbers[i / 100]);
            }
        }
        return encoder.finish();
    }

    private static void decode(byte[] code, int bits) {
        RangeDecoder decoder = new RangeDecoder(new AdaptiveBits(1), MemorySegment.ofArray(code));
        for (int i = 0; i < bits; i++) {
            decoder.bit(0, false);
            if (i % 100 == 0) {
                decoder.bits(i / 100 % 17, 0);
            }
        }
        decoder.checkEnd();
    }
}
