package dev.sparsecast.wanda.selection;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsecast.checkpoint.ElementType;
import dev.sparsecast.wanda.selection.SelectionKernel.RowSelector;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Comparator;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScoredSelectionTest {
    /** {@code values}: how many different magnitudes there are; the fewer, the more ties. */
    @ParameterizedTest
    @CsvSource({"1,1,1", "3,5,2", "7,13,1", "9,20,3", "16,64,1000", "31,100,1000000"})
    void ranksOverTheWholeMatrixLikeAStableSort(int rows, int columns, int values) {
        SplittableRandom random = new SplittableRandom(31L * rows + values);
        WeightMatrix weights = matrix(random, rows, columns, values);
        for (RowScores scores : scores(weights, random)) {
            for (long count : new long[] {0, 1, (long) (0.6 * rows * columns), rows * columns - 1L, rows * columns}) {
                MemorySegment mask = mask(weights);
                assertThat(ScoredSelection.ofMatrix(scores, count, mask)).isEqualTo(RowSelector.ALL_FINITE);
                Integer[] order = IntStream.range(0, rows * columns).boxed().toArray(Integer[]::new);
                float[] all = all(scores);
                Arrays.sort(order, Comparator.comparing((Integer place) -> all[place])); // stable
                boolean[] kept = new boolean[all.length];
                Arrays.stream(order).skip(count).forEach(place -> kept[place] = true);
                assertMask(mask, columns, kept);
            }
        }
    }

    @Test
    void prunesInRowsAsTheKernelsDo() {
        SplittableRandom random = new SplittableRandom(5);
        WeightMatrix weights = matrix(random, 12, 64, 9);
        float[] norms = norms(random, 64);
        for (Selection selection : new Selection[] {new Selection.LowestOfRow(38), new Selection.LowestOfGroup(2, 4)}) {
            MemorySegment expected = mask(weights);
            MemorySegment mask = mask(weights);
            new StableSortKernel()
                    .selector()
                    .select(
                            new SelectionJob(weights, java.util.List.of(norms), selection, java.util.List.of(expected)),
                            0,
                            12);
            ScoredSelection.ofRows(new ActivationScores(weights, norms), selection, mask);
            assertThat(mask.mismatch(expected)).isEqualTo(-1);
        }
    }

    @Test
    void namesTheRowOfAWeightThatIsNoNumber() {
        WeightMatrix weights = matrix(new SplittableRandom(1), 5, 8, 10);
        weights.data().set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * (3 * 8 + 2), Float.NaN);
        RowScores scores = RelativeImportance.of(weights, norms(new SplittableRandom(1), 8));
        assertThat(ScoredSelection.ofMatrix(scores, 20, mask(weights))).isEqualTo(3);
        assertThat(ScoredSelection.ofRows(scores, new Selection.LowestOfRow(4), mask(weights)))
                .isEqualTo(3);
    }

    @Test
    void relativeImportanceIsTheShareOfTheRowAndOfTheColumn() {
        WeightMatrix weights = matrix(2, 2, 1, -3, 0, 2);
        RowScores scores = RelativeImportance.of(weights, new float[] {4, 9});
        assertThat(all(scores))
                .containsExactly((float) ((1 / 4.0 + 1 / 1.0) * 2), (float) (3 * ((1 / 4.0 + 1 / 5.0) * 3)), 0, (float)
                        (2 * ((1 / 2.0 + 1 / 5.0) * 3)));
    }

    @Test
    void aRowOrColumnOfZerosHasNoShareAtAll() {
        RowScores scores = RelativeImportance.of(matrix(2, 2, 0, 0, 0, 5), new float[] {1, 1});
        assertThat(all(scores)).containsExactly(0, 0, 0, 2);
    }

    private static RowScores[] scores(WeightMatrix weights, SplittableRandom random) {
        float[] norms = norms(random, weights.columns());
        return new RowScores[] {new ActivationScores(weights, norms), RelativeImportance.of(weights, norms)};
    }

    private static float[] all(RowScores scores) {
        ScoreReader reader = new ScoreReader(scores);
        int columns = scores.weights().columns();
        float[] all = new float[scores.weights().rows() * columns];
        for (int row = 0; row < scores.weights().rows(); row++) {
            assertThat(reader.read(row)).isTrue();
            for (int column = 0; column < columns; column++) {
                all[row * columns + column] = Float.intBitsToFloat(reader.scores()[column]);
            }
        }
        return all;
    }

    private static float[] norms(SplittableRandom random, int columns) {
        float[] norms = new float[columns];
        for (int column = 0; column < columns; column++) {
            norms[column] = random.nextInt(4) / 2f;
        }
        return norms;
    }

    private static WeightMatrix matrix(SplittableRandom random, int rows, int columns, int values) {
        float[] weights = new float[rows * columns];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = (random.nextInt(values) - values / 2) / 16f;
        }
        return matrix(rows, columns, weights);
    }

    private static WeightMatrix matrix(int rows, int columns, float... weights) {
        ByteBuffer bytes =
                ByteBuffer.allocateDirect(weights.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(weights);
        return new WeightMatrix(ElementType.F32, MemorySegment.ofBuffer(bytes), rows, columns);
    }

    private static MemorySegment mask(WeightMatrix weights) {
        return Arena.ofAuto().allocate((long) weights.rows() * SelectionJob.maskBytes(weights.columns()));
    }

    private static void assertMask(MemorySegment mask, int columns, boolean[] kept) {
        int rowBytes = SelectionJob.maskBytes(columns);
        for (int row = 0; row < kept.length / columns; row++) {
            for (int column = 0; column < rowBytes * Byte.SIZE; column++) {
                int eight = mask.get(ValueLayout.JAVA_BYTE, (long) row * rowBytes + column / Byte.SIZE);
                assertThat((eight >>> column % Byte.SIZE & 1) != 0)
                        .as("row %d, column %d", row, column)
                        .isEqualTo(column < columns && kept[row * columns + column]);
            }
        }
    }
}
