package dev.sparsecast.wanda.selection;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsecast.checkpoint.ElementType;
import dev.sparsecast.wanda.selection.SelectionKernel.RowSelector;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What every kernel must do: give the bits of a stable sort, whatever the weights. */
abstract class SelectionKernelContract {
    private static final List<ElementType> TYPES = List.of(ElementType.BF16, ElementType.F16, ElementType.F32);
    private static final int[] ODD_COLUMNS = {1, 2, 3, 7, 8, 9, 31, 63, 64, 65, 127, 192, 200, 511, 576, 1000};
    private static final double[] SPARSITIES = {0, 0.01, 0.1, 0.25, 0.3333, 0.5, 0.6, 0.75, 0.9, 0.99};

    abstract SelectionKernel kernel();

    /** Ways to make a matrix that a selection may get wrong. */
    enum Weights {
        NORMAL,
        FEW_VALUES,
        ALL_ZERO,
        HALF_ZERO,
        SIGNED_ZEROS,
        SUBNORMAL,
        HUGE,
        ROWS_OF_UNLIKE_SCALE,
        HEAVY_TAILS,
        ASCENDING,
        CONSTANT
    }

    /** Ways to make norms. */
    enum Norms {
        LOGNORMAL,
        ONES,
        DEAD_CHANNELS,
        ALL_DEAD,
        OUTLIERS,
        TINY,
        LARGE
    }

    @ParameterizedTest
    @EnumSource(Weights.class)
    void prunesTheLowestOfEachRowLikeAStableSort(Weights weights) {
        SplittableRandom random = new SplittableRandom(weights.ordinal());
        for (ElementType type : TYPES) {
            for (int columns : ODD_COLUMNS) {
                Norms norms = Norms.values()[random.nextInt(Norms.values().length)];
                double sparsity = SPARSITIES[random.nextInt(SPARSITIES.length)];
                Selection selection = new Selection.LowestOfRow((int) (columns * sparsity));
                assertSameAsStableSort(random, type, 40, columns, weights, List.of(norms), selection);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Norms.class)
    void prunesAtEverySparsityWithEveryKindOfNorm(Norms norms) {
        SplittableRandom random = new SplittableRandom(100 + norms.ordinal());
        for (double sparsity : SPARSITIES) {
            for (Weights weights : Weights.values()) {
                Selection selection = new Selection.LowestOfRow((int) (320 * sparsity));
                assertSameAsStableSort(
                        random, TYPES.get(random.nextInt(3)), 25, 320, weights, List.of(norms), selection);
            }
        }
    }

    @Test
    void prunesNothingOrEverythingOfARow() {
        SplittableRandom random = new SplittableRandom(7);
        for (int count : new int[] {0, 1, 99, 100}) {
            assertSameAsStableSort(
                    random,
                    ElementType.BF16,
                    9,
                    100,
                    Weights.NORMAL,
                    List.of(Norms.LOGNORMAL),
                    new Selection.LowestOfRow(count));
        }
    }

    static Stream<Selection.LowestOfGroup> groups() {
        List<Selection.LowestOfGroup> groups = new ArrayList<>();
        for (int group = 2; group <= 16; group++) {
            for (int count = 1; count < group; count++) {
                groups.add(new Selection.LowestOfGroup(count, group));
            }
        }
        return groups.stream();
    }

    @ParameterizedTest
    @MethodSource("groups")
    void prunesTheLowestOfEachGroupLikeAStableSort(Selection.LowestOfGroup selection) {
        SplittableRandom random = new SplittableRandom(selection.hashCode());
        for (Weights weights : Weights.values()) {
            for (int groups : new int[] {1, 3, 16, 37}) {
                Norms norms = Norms.values()[random.nextInt(Norms.values().length)];
                assertSameAsStableSort(
                        random,
                        TYPES.get(random.nextInt(3)),
                        6,
                        groups * selection.group(),
                        weights,
                        List.of(norms),
                        selection);
            }
        }
    }

    @Test
    void makesMasksOfSeveralCalibrationsInOnePass() {
        SplittableRandom random = new SplittableRandom(11);
        List<Norms> norms = List.of(Norms.LOGNORMAL, Norms.DEAD_CHANNELS, Norms.ONES, Norms.OUTLIERS, Norms.LOGNORMAL);
        for (ElementType type : TYPES) {
            assertSameAsStableSort(random, type, 60, 456, Weights.NORMAL, norms, new Selection.LowestOfRow(228));
            assertSameAsStableSort(random, type, 60, 456, Weights.NORMAL, norms, new Selection.LowestOfGroup(2, 4));
        }
    }

    @Test
    void oneSelectorServesJobsOfDifferentShapesInTurn() {
        SplittableRandom random = new SplittableRandom(12);
        RowSelector selector = kernel().selector();
        try (Arena arena = Arena.ofConfined()) {
            for (int columns : new int[] {64, 9, 640, 64, 65, 8}) {
                SelectionJob job = job(
                        arena,
                        random,
                        TYPES.get(random.nextInt(3)),
                        10,
                        columns,
                        Weights.NORMAL,
                        List.of(Norms.LOGNORMAL),
                        new Selection.LowestOfRow(columns / 2));
                selector.select(job, 5, 10);
                selector.select(job, 0, 5);
                assertThat(hex(job)).isEqualTo(hex(stableSort(arena, job)));
            }
        }
    }

    @Test
    void rowsOutsideTheRangeAreLeftAlone() {
        SplittableRandom random = new SplittableRandom(13);
        try (Arena arena = Arena.ofConfined()) {
            SelectionJob job = job(
                    arena,
                    random,
                    ElementType.BF16,
                    10,
                    30,
                    Weights.NORMAL,
                    List.of(Norms.LOGNORMAL),
                    new Selection.LowestOfRow(10));
            job.masks().getFirst().fill((byte) 0x5a);
            kernel().selector().select(job, 3, 7);
            byte[] bytes = job.masks().getFirst().toArray(ValueLayout.JAVA_BYTE);
            for (int i = 0; i < bytes.length; i++) {
                if (i / 4 < 3 || i / 4 >= 7) {
                    assertThat(bytes[i]).isEqualTo((byte) 0x5a);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = ElementType.class,
            names = {"BF16", "F16", "F32"})
    void namesTheFirstRowThatIsNotFinite(ElementType type) {
        SplittableRandom random = new SplittableRandom(14);
        int nan = type == ElementType.F16 ? 0x7e01 : type == ElementType.BF16 ? 0xffc1 : 0x7fc0_0001;
        int infinity = type == ElementType.F16 ? 0xfc00 : type == ElementType.BF16 ? 0x7f80 : 0xff80_0000;
        for (int bad : new int[] {nan, infinity}) {
            for (int column : new int[] {0, 5, 66, 68}) {
                for (Selection selection : List.of(new Selection.LowestOfRow(30), new Selection.LowestOfGroup(1, 3))) {
                    try (Arena arena = Arena.ofConfined()) {
                        SelectionJob job =
                                job(arena, random, type, 8, 69, Weights.NORMAL, List.of(Norms.ALL_DEAD), selection);
                        put(job.weights(), 3, column, bad);
                        put(job.weights(), 6, column, bad);
                        RowSelector selector = kernel().selector();
                        assertThat(selector.select(job, 0, 8)).isEqualTo(3);
                        assertThat(selector.select(job, 4, 8)).isEqualTo(6);
                        assertThat(selector.select(job, 4, 6)).isEqualTo(RowSelector.ALL_FINITE);
                    }
                }
            }
        }
    }

    private void assertSameAsStableSort(
            SplittableRandom random,
            ElementType type,
            int rows,
            int columns,
            Weights weights,
            List<Norms> norms,
            Selection selection) {
        try (Arena arena = Arena.ofConfined()) {
            SelectionJob job = job(arena, random, type, rows, columns, weights, norms, selection);
            assertThat(kernel().selector().select(job, 0, rows)).isEqualTo(RowSelector.ALL_FINITE);
            assertThat(hex(job))
                    .as("%s %d x %d %s %s %s", type, rows, columns, weights, norms, selection)
                    .isEqualTo(hex(stableSort(arena, job)));
        }
    }

    private static SelectionJob stableSort(Arena arena, SelectionJob job) {
        SelectionJob expected = new SelectionJob(
                job.weights(),
                job.norms(),
                job.selection(),
                job.masks().stream()
                        .map(mask -> arena.allocate(mask.byteSize()))
                        .toList());
        new StableSortKernel().selector().select(expected, 0, job.weights().rows());
        return expected;
    }

    private static List<String> hex(SelectionJob job) {
        return job.masks().stream()
                .map(mask -> HexFormat.of().formatHex(mask.toArray(ValueLayout.JAVA_BYTE)))
                .toList();
    }

    private static SelectionJob job(
            Arena arena,
            SplittableRandom random,
            ElementType type,
            int rows,
            int columns,
            Weights weights,
            List<Norms> norms,
            Selection selection) {
        // one byte off, since tensors of a file need not be aligned
        long size = (long) rows * columns * type.bytes();
        WeightMatrix matrix = new WeightMatrix(type, arena.allocate(size + 1).asSlice(1), rows, columns);
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                put(matrix, row, column, bits(type, value(random, weights, row, column)));
            }
        }
        return new SelectionJob(
                matrix,
                norms.stream().map(kind -> norms(random, kind, columns)).toList(),
                selection,
                norms.stream()
                        .map(kind -> arena.allocate((long) rows * SelectionJob.maskBytes(columns)))
                        .toList());
    }

    private static double value(SplittableRandom random, Weights weights, int row, int column) {
        double normal = random.nextGaussian();
        return switch (weights) {
            case NORMAL -> 0.02 * normal;
            case FEW_VALUES -> random.nextInt(-2, 3) * 0.25;
            case ALL_ZERO -> 0;
            case HALF_ZERO -> random.nextBoolean() ? 0 : normal;
            case SIGNED_ZEROS -> random.nextInt(10) == 0 ? normal : random.nextBoolean() ? 0.0 : -0.0;
            case SUBNORMAL -> normal * 1e-39;
            case HUGE -> normal * 1e4;
            case ROWS_OF_UNLIKE_SCALE -> normal * Math.scalb(1, (row * 7919) % 13 - 8);
            case HEAVY_TAILS -> normal / Math.max(1e-4, random.nextDouble());
            case ASCENDING -> column * 1e-3;
            case CONSTANT -> row % 2 == 0 ? 0.5 : -0.5;
        };
    }

    private static int bits(ElementType type, double value) {
        return switch (type) {
            case F16 -> Float.floatToFloat16((float) Math.clamp(value, -65504, 65504));
            case BF16 -> Float.floatToRawIntBits((float) value) >>> 16;
            case F32 -> Float.floatToRawIntBits((float) value);
            default -> throw new IllegalArgumentException("not a weight type: " + type);
        };
    }

    private static void put(WeightMatrix matrix, int row, int column, int bits) {
        long offset = ((long) row * matrix.columns() + column) * matrix.type().bytes();
        if (matrix.type() == ElementType.F32) {
            matrix.data().set(ValueLayout.JAVA_INT_UNALIGNED, offset, bits);
        } else {
            matrix.data().set(ValueLayout.JAVA_SHORT_UNALIGNED, offset, (short) bits);
        }
    }

    private static float[] norms(SplittableRandom random, Norms kind, int columns) {
        float[] norms = new float[columns];
        for (int column = 0; column < columns; column++) {
            double lognormal = Math.exp(random.nextGaussian());
            norms[column] = (float)
                    switch (kind) {
                        case LOGNORMAL -> lognormal;
                        case ONES -> 1;
                        case DEAD_CHANNELS -> random.nextInt(3) == 0 ? 0 : lognormal;
                        case ALL_DEAD -> 0;
                        case OUTLIERS -> random.nextInt(50) == 0 ? 1000 * lognormal : lognormal;
                        case TINY -> lognormal * 1e-41;
                        case LARGE -> Math.min(lognormal, 30) * 1e37;
                    };
        }
        return norms;
    }

    /** So that a heap segment is no excuse: weights may lie anywhere. */
    @Test
    void readsWeightsFromTheHeapToo() {
        SplittableRandom random = new SplittableRandom(15);
        try (Arena arena = Arena.ofConfined()) {
            SelectionJob job = job(
                    arena,
                    random,
                    ElementType.BF16,
                    12,
                    77,
                    Weights.NORMAL,
                    List.of(Norms.LOGNORMAL),
                    new Selection.LowestOfRow(40));
            MemorySegment heap = MemorySegment.ofArray(job.weights().data().toArray(ValueLayout.JAVA_BYTE));
            SelectionJob onHeap = new SelectionJob(
                    new WeightMatrix(ElementType.BF16, heap, 12, 77), job.norms(), job.selection(), job.masks());
            kernel().selector().select(onHeap, 0, 12);
            assertThat(hex(onHeap)).isEqualTo(hex(stableSort(arena, job)));
        }
    }
}
