package dev.sparsecast.deployer.materialization;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.checkpoint.ElementType;
import dev.sparsecast.checkpoint.Tensor;
import dev.sparsecast.deployer.trust.RefusedException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ZeroScanTest {
    private record Case(ElementType type, int columns, long seed) {}

    private static Stream<Case> cases() {
        return Stream.of(ElementType.BF16, ElementType.F16, ElementType.F32)
                .flatMap(type -> Stream.of(1, 7, 8, 9, 20, 64)
                        .flatMap(columns -> Stream.of(1L, 2L, 3L).map(seed -> new Case(type, columns, seed))));
    }

    private static final int ROWS = 5;

    @ParameterizedTest
    @MethodSource("cases")
    void findsTheZerosAndThoseThatAreTheBaseModelsOwn(Case given) {
        int[] base = base(given);
        int[] pruned = base.clone();
        SplittableRandom random = new SplittableRandom(given.seed() + 100);
        for (int i = 0; i < pruned.length; i++) {
            if (random.nextBoolean()) {
                pruned[i] = 0;
            }
        }
        MemorySegment bits = MemorySegment.ofArray(new byte[ROWS * rowBytes(given)]);

        long undecidable = new ZeroScan(tensor(given, base), tensor(given, pruned), bits).run();

        long expectedUndecidable = 0;
        byte[] expectedBits = new byte[ROWS * rowBytes(given)];
        for (int row = 0; row < ROWS; row++) {
            for (int column = 0; column < given.columns(); column++) {
                int i = row * given.columns() + column;
                boolean zero = (pruned[i] & ~sign(given)) == 0;
                if (!zero) {
                    expectedBits[row * rowBytes(given) + column / 8] |= (byte) (1 << column % 8);
                }
                expectedUndecidable += zero && (base[i] & ~sign(given)) == 0 ? 1 : 0;
            }
        }
        assertThat(bits.toArray(java.lang.foreign.ValueLayout.JAVA_BYTE)).isEqualTo(expectedBits);
        assertThat(undecidable).isEqualTo(expectedUndecidable);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void findsEveryChangeOfASingleBit(Case given) {
        int[] base = base(given);
        int width = given.type().bytes() * 8;
        for (int i = 0; i < base.length; i++) {
            for (int bit = 0; bit < width; bit += 3) {
                int[] changed = base.clone();
                changed[i] ^= 1 << bit;
                if (changed[i] == 0) {
                    continue; // pruned, not changed
                }
                Tensor pruned = tensor(given, changed);
                MemorySegment bits = MemorySegment.ofArray(new byte[ROWS * rowBytes(given)]);
                assertThatThrownBy(() -> new ZeroScan(tensor(given, base), pruned, bits).run())
                        .isInstanceOf(RefusedException.class)
                        .hasMessageContaining("row " + i / given.columns() + ", column " + i % given.columns() + " ");
            }
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void takesANegativeZeroForAChange(Case given) {
        int[] base = base(given);
        base[base.length - 1] = 1;
        int[] changed = base.clone();
        changed[base.length - 1] = sign(given);
        MemorySegment bits = MemorySegment.ofArray(new byte[ROWS * rowBytes(given)]);

        assertThatThrownBy(() -> new ZeroScan(tensor(given, base), tensor(given, changed), bits).run())
                .isInstanceOf(RefusedException.class);
    }

    /** Any bits, with some zeros of both signs among them. */
    private static int[] base(Case given) {
        SplittableRandom random = new SplittableRandom(given.seed());
        int[] base = new int[ROWS * given.columns()];
        for (int i = 0; i < base.length; i++) {
            int any = given.type().bytes() == 2 ? random.nextInt() & 0xffff : random.nextInt();
            base[i] = switch (random.nextInt(8)) {
                case 0 -> 0;
                case 1 -> sign(given);
                case 2 -> 1;
                default -> any;
            };
        }
        return base;
    }

    private static int sign(Case given) {
        return given.type().bytes() == 2 ? 0x8000 : 0x8000_0000;
    }

    private static int rowBytes(Case given) {
        return (given.columns() + 7) / 8;
    }

    private static Tensor tensor(Case given, int[] weights) {
        ByteBuffer bytes =
                ByteBuffer.allocate(weights.length * given.type().bytes()).order(ByteOrder.LITTLE_ENDIAN);
        for (int weight : weights) {
            if (given.type().bytes() == 2) {
                bytes.putShort((short) weight);
            } else {
                bytes.putInt(weight);
            }
        }
        return new Tensor(
                "w", given.type(), List.of((long) ROWS, (long) given.columns()), MemorySegment.ofArray(bytes.array()));
    }
}
