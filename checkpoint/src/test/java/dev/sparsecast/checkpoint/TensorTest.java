package dev.sparsecast.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TensorTest {
    private static final int HALVES = 1 << 16;

    @Test
    void widensEveryFloat16Exactly() {
        assertWidens(ElementType.F16, 5, 10);
    }

    @Test
    void widensEveryBfloat16Exactly() {
        assertWidens(ElementType.BF16, 8, 7);
    }

    /** All 65,536 bit patterns against the formula of IEEE 754: (-1)^s · 2^(e-bias) · (1 + f/2^m). */
    private static void assertWidens(ElementType type, int exponentBits, int fractionBits) {
        byte[] bytes = new byte[HALVES * 2];
        for (int bits = 0; bits < HALVES; bits++) {
            bytes[2 * bits] = (byte) bits;
            bytes[2 * bits + 1] = (byte) (bits >> 8);
        }
        Tensor tensor = new Tensor("t", type, List.of(256L, 256L), MemorySegment.ofArray(bytes));

        float[] floats = tensor.toFloats();
        double[] doubles = tensor.toDoubles();

        for (int bits = 0; bits < HALVES; bits++) {
            double expected = value(bits, exponentBits, fractionBits);
            assertSame(tensor.get(bits), expected);
            assertSame(floats[bits], expected);
            assertSame(doubles[bits], expected);
        }
    }

    private static double value(int bits, int exponentBits, int fractionBits) {
        int bias = (1 << (exponentBits - 1)) - 1;
        int exponent = (bits >> fractionBits) & ((1 << exponentBits) - 1);
        double fraction = (bits & ((1 << fractionBits) - 1)) / (double) (1 << fractionBits);
        double magnitude;
        if (exponent == (1 << exponentBits) - 1) {
            magnitude = fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN;
        } else if (exponent == 0) {
            magnitude = fraction * Math.pow(2, 1 - bias);
        } else {
            magnitude = (1 + fraction) * Math.pow(2, exponent - bias);
        }
        return (bits & 0x8000) == 0 ? magnitude : -magnitude;
    }

    private static void assertSame(double actual, double expected) {
        if (Double.doubleToLongBits(actual) != Double.doubleToLongBits(expected)) {
            throw new AssertionError("expected " + expected + " but was " + actual);
        }
    }

    @Test
    void readsUnalignedFloatsAndDoubles() {
        double[] values = new SplittableRandom(3).doubles(257, -1e9, 1e9).toArray();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment doubles = arena.allocate(values.length * 8L + 1, 8).asSlice(1);
            MemorySegment floats = arena.allocate(values.length * 4L + 3, 8).asSlice(3);
            for (int i = 0; i < values.length; i++) {
                doubles.set(ValueLayout.JAVA_DOUBLE_UNALIGNED, i * 8L, values[i]);
                floats.set(ValueLayout.JAVA_FLOAT_UNALIGNED, i * 4L, (float) values[i]);
            }
            Tensor f64 = new Tensor("d", ElementType.F64, List.of(257L), doubles);
            Tensor f32 = new Tensor("f", ElementType.F32, List.of(257L), floats);

            assertThat(f64.toDoubles()).isEqualTo(values);
            for (int i = 0; i < values.length; i++) {
                assertThat(f32.toFloats()[i]).isEqualTo((float) values[i]);
                assertThat(f64.toFloats()[i]).isEqualTo((float) values[i]);
                assertThat(f32.get(i)).isEqualTo((float) values[i]);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"I64", "I32", "I16", "I8", "U8", "BOOL"})
    void doesNotTakeIntegersForNumbersWithAFraction(ElementType type) {
        Tensor tensor = new Tensor("ids", type, List.of(1L), MemorySegment.ofArray(new byte[type.bytes()]));

        assertThatThrownBy(() -> tensor.get(0))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("ids")
                .hasMessageContaining(type.name());
        assertThatThrownBy(tensor::toFloats).isInstanceOf(CheckpointException.class);
    }

    @Test
    void refusesDataThatDoNotFitTheShape() {
        assertThatThrownBy(() -> new Tensor("t", ElementType.F32, List.of(2L, 3L), MemorySegment.ofArray(new byte[23])))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("needs 24 bytes, but has 23");
    }

    @Test
    void knowsRowsAndColumns() {
        Tensor tensor = new Tensor("t", ElementType.BF16, List.of(2L, 3L), MemorySegment.ofArray(new byte[12]));

        assertThat(tensor.rows()).isEqualTo(2);
        assertThat(tensor.columns()).isEqualTo(3);
        assertThat(tensor.elements()).isEqualTo(6);
    }
}
