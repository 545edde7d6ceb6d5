package dev.sparsecast.wanda.delta;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.sparsecast.wanda.Method;
import dev.sparsecast.wanda.Pattern;
import dev.sparsecast.wanda.Progress;
import dev.sparsecast.wanda.PruningException;
import dev.sparsecast.wanda.PruningParameters;
import dev.sparsecast.wanda.mask.Mask;
import dev.sparsecast.wanda.mask.SubModelMask;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class MaskDeltaTest {
    private static final PruningParameters HALF = new PruningParameters(Method.WANDA, Pattern.UNSTRUCTURED, 0.5);
    private static final PruningParameters TWO_OF_FOUR =
            PruningParameters.parse("wanda", "2:4", java.util.OptionalDouble.empty());

    @TempDir
    private Path directory;

    /** Which bits of a matrix are set. */
    private interface Bits {
        boolean at(int row, int column);
    }

    static Stream<Arguments> shapes() {
        return Stream.of(
                Arguments.of(1, 1),
                Arguments.of(1, 200),
                Arguments.of(200, 1),
                Arguments.of(63, 12),
                Arguments.of(64, 64),
                Arguments.of(65, 65),
                Arguments.of(130, 77),
                Arguments.of(300, 128));
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void whatIsEncodedIsDecoded(int rows, int columns) {
        SplittableRandom random = new SplittableRandom(31L * rows + columns);
        for (double share : new double[] {0, 0.001, 0.02, 0.3, 0.5, 0.999, 1}) {
            boolean[][] before = random(random, rows, columns, 0.5);
            boolean[][] after = random(random, rows, columns, share);
            SubModelMask parent = subModel(HALF, rows, columns, (i, j) -> before[i][j]);
            SubModelMask result = subModel(HALF, rows, columns, (i, j) -> before[i][j] ^ after[i][j]);
            assertRoundTrip(parent, result);
        }
    }

    @Test
    void equalAndOppositeAndEmptyAndFullMasksCostNextToNothing() {
        SplittableRandom random = new SplittableRandom(5);
        boolean[][] some = random(random, 128, 256, 0.5);
        SubModelMask mask = subModel(HALF, 128, 256, (i, j) -> some[i][j]);
        SubModelMask opposite = subModel(HALF, 128, 256, (i, j) -> !some[i][j]);
        SubModelMask nothing = subModel(HALF, 128, 256, (i, j) -> false);
        SubModelMask everything = subModel(HALF, 128, 256, (i, j) -> true);
        assertThat(assertRoundTrip(mask, mask)).isLessThan(30);
        assertThat(assertRoundTrip(nothing, everything)).isLessThan(200);
        assertThat(assertRoundTrip(everything, nothing)).isLessThan(200);
        assertThat(assertRoundTrip(mask, opposite)).isLessThan(2000);
    }

    @Test
    void rowsThatKeepAsManyWeightsAreSmallerThanTheEntropyOfTheDifference() {
        SubModelMask parent = balanced(HALF, 512, 256, 256, 128, new SplittableRandom(1));
        SubModelMask result = exchanged(parent, HALF, 256, 2, new SplittableRandom(2));
        MaskDelta.Summary summary = write(parent, result);
        assertThat(codeBytes(summary, parent) / summary.entropyBytes()).isLessThan(1);
        assertThat(apply(parent).digest()).isEqualTo(result.digest());
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 4, 8, 16})
    void groupsThatKeepAsManyWeightsAreCodedWithThatKnowledge(int group) {
        int columns = 16 * group;
        PruningParameters parameters =
                PruningParameters.parse("wanda", group / 2 + ":" + group, java.util.OptionalDouble.empty());
        SubModelMask parent = balanced(parameters, 300, columns, group, group / 2, new SplittableRandom(group));
        SubModelMask result = exchanged(parent, parameters, group, 1, new SplittableRandom(group + 1));
        MaskDelta.Summary summary = write(parent, result);
        SubModelMask read = apply(parent);
        assertThat(read.digest()).isEqualTo(result.digest());
        assertThat(read.parameters()).isEqualTo(parameters);
        assertThat(codeBytes(summary, parent) / summary.entropyBytes()).isLessThan(0.8);
    }

    @Test
    void largeModulesAreCutIntoTiles() {
        int rows = 4200;
        int columns = 8192;
        SubModelMask parent = subModel(HALF, rows, columns, (i, j) -> (i * 7 + j) % 2 == 0);
        SubModelMask result = subModel(HALF, rows, columns, (i, j) -> (i * 7 + j) % 2 == 0 ^ (i * 31 + j) % 997 == 0);
        assertThat(Tile.of(parent)).hasSizeGreaterThan(1).allMatch(tile -> tile.fromRow() % 64 == 0);
        assertRoundTrip(parent, result);
    }

    @Test
    void threadsDoNotChangeTheBytes() throws Exception {
        SplittableRandom random = new SplittableRandom(8);
        List<Mask> before = new ArrayList<>();
        List<Mask> after = new ArrayList<>();
        for (int module = 0; module < 20; module++) {
            boolean[][] bits = random(random, 70, 90, 0.5);
            boolean[][] flips = random(random, 70, 90, 0.05);
            before.add(mask("model.layers." + module + ".mlp.up_proj", 70, 90, (i, j) -> bits[i][j]));
            after.add(mask("model.layers." + module + ".mlp.up_proj", 70, 90, (i, j) -> bits[i][j] ^ flips[i][j]));
        }
        SubModelMask parent = SubModelMask.of("sha256:m", HALF, before);
        SubModelMask result = SubModelMask.of("sha256:m", HALF, after);
        MaskDelta.write(directory.resolve("one"), parent, result, 1, Progress.SILENT);
        MaskDelta.write(directory.resolve("four"), parent, result, 4, Progress.SILENT);
        assertThat(directory.resolve("four")).hasSameBinaryContentAs(directory.resolve("one"));
        assertThat(Files.list(directory)).hasSize(2);
    }

    @Test
    void anyDamagedByteIsToldInOneSentence() throws Exception {
        SubModelMask parent = balanced(HALF, 64, 40, 40, 20, new SplittableRandom(11));
        SubModelMask result = exchanged(parent, HALF, 40, 3, new SplittableRandom(12));
        write(parent, result);
        byte[] good = Files.readAllBytes(delta());
        for (int position = 0; position < good.length; position++) {
            for (int change : new int[] {0x01, 0x80, 0xff}) {
                byte[] damaged = good.clone();
                damaged[position] ^= (byte) change;
                assertRefusedOrEqual(damaged, parent, result, "byte " + position);
            }
        }
    }

    @Test
    void truncatedAndLongerFilesAreRefused() throws Exception {
        SubModelMask parent = balanced(HALF, 64, 40, 40, 20, new SplittableRandom(13));
        SubModelMask result = exchanged(parent, HALF, 40, 3, new SplittableRandom(14));
        write(parent, result);
        byte[] good = Files.readAllBytes(delta());
        for (int size = 0; size < good.length; size++) {
            assertRefusedOrEqual(Arrays.copyOf(good, size), parent, null, "size " + size);
        }
        assertRefusedOrEqual(Arrays.copyOf(good, good.length + 1), parent, null, "one more");
    }

    @Test
    void randomCodesNeverCrash() throws Exception {
        SubModelMask parent = balanced(TWO_OF_FOUR, 64, 40, 4, 2, new SplittableRandom(15));
        write(parent, parent);
        byte[] good = Files.readAllBytes(delta());
        int headerEnd = good.length - TileDelta.LEAST_BYTES - Integer.BYTES;
        SplittableRandom random = new SplittableRandom(16);
        for (int round = 0; round < 2000; round++) {
            byte[] code = new byte[random.nextInt(TileDelta.LEAST_BYTES, 200)];
            random.nextBytes(code);
            code[0] = (byte) random.nextInt(6);
            byte[] file = Arrays.copyOf(good, headerEnd + Integer.BYTES + code.length);
            file[headerEnd] = (byte) code.length;
            System.arraycopy(code, 0, file, headerEnd + Integer.BYTES, code.length);
            assertRefusedOrEqual(file, parent, parent, "round " + round);
        }
    }

    @Test
    void anotherParentIsRefused() {
        SubModelMask parent = balanced(HALF, 64, 40, 40, 20, new SplittableRandom(17));
        SubModelMask result = exchanged(parent, HALF, 40, 3, new SplittableRandom(18));
        write(parent, result);
        assertThatThrownBy(() -> apply(result))
                .isInstanceOf(PruningException.class)
                .hasMessageContaining("starts from mask " + parent.digest())
                .hasMessageContaining(result.digest());
        SubModelMask otherModel = SubModelMask.of("sha256:other", HALF, parent.masks());
        assertThatThrownBy(() -> apply(otherModel))
                .isInstanceOf(PruningException.class)
                .hasMessageContaining("is for model sha256:m");
        assertThatThrownBy(() -> write(otherModel, result))
                .isInstanceOf(PruningException.class)
                .hasMessageContaining("a delta needs two of one model");
    }

    @Test
    void otherFilesAndVersionsAreRefused() throws Exception {
        SubModelMask parent = balanced(HALF, 64, 40, 40, 20, new SplittableRandom(19));
        Files.writeString(delta(), "something else");
        assertThatThrownBy(() -> apply(parent)).hasMessageContaining("is no delta of masks");
        Files.writeString(delta(), "sparsecast-delta 7\nkey=value\n\n");
        assertThatThrownBy(() -> apply(parent)).hasMessageContaining("another version");
        Files.delete(delta());
        assertThatThrownBy(() -> apply(parent)).hasMessageContaining("there is no delta");
        assertThatThrownBy(() -> MaskDelta.write(directory.resolve("no/such"), parent, parent, 1, Progress.SILENT))
                .isInstanceOf(PruningException.class)
                .hasMessageContaining("its directory does not exist");
    }

    private void assertRefusedOrEqual(byte[] bytes, SubModelMask parent, SubModelMask result, String what)
            throws Exception {
        Files.write(delta(), bytes);
        Throwable thrown = catchThrowable(() -> {
            SubModelMask read = apply(parent);
            // a change that does not matter, such as of the recorded method
            assertThat(result).as(what).isNotNull();
            assertThat(read.digest()).as(what).isEqualTo(result.digest());
        });
        if (thrown != null) {
            assertThat(thrown).as(what).isInstanceOf(PruningException.class);
            assertThat(thrown.getMessage()).as(what).doesNotContain("\n\n");
        }
    }

    private long assertRoundTrip(SubModelMask parent, SubModelMask result) {
        MaskDelta.Summary summary = write(parent, result);
        SubModelMask read = apply(parent);
        assertThat(read.digest()).isEqualTo(result.digest());
        assertThat(summary.bytes()).isEqualTo(delta().toFile().length());
        return codeBytes(summary, parent);
    }

    /** What the codes take, without header and table. */
    private static long codeBytes(MaskDelta.Summary summary, SubModelMask parent) {
        return summary.bytes()
                - DeltaHeader.of(parent, parent).bytes().length
                - (long) Tile.of(parent).size() * Integer.BYTES;
    }

    private Path delta() {
        return directory.resolve("x.delta");
    }

    private MaskDelta.Summary write(SubModelMask parent, SubModelMask result) {
        return MaskDelta.write(delta(), parent, result, 2, Progress.SILENT);
    }

    private SubModelMask apply(SubModelMask parent) {
        return MaskDelta.apply(delta(), parent, 2, Progress.SILENT);
    }

    private static boolean[][] random(SplittableRandom random, int rows, int columns, double share) {
        boolean[][] bits = new boolean[rows][columns];
        for (boolean[] row : bits) {
            for (int column = 0; column < columns; column++) {
                row[column] = random.nextDouble() < share;
            }
        }
        return bits;
    }

    /** A mask that keeps {@code kept} random weights of every {@code group} columns. */
    private static SubModelMask balanced(
            PruningParameters parameters, int rows, int columns, int group, int kept, SplittableRandom random) {
        boolean[][] bits = new boolean[rows][columns];
        for (boolean[] row : bits) {
            for (int from = 0; from < columns; from += group) {
                for (int left = kept; left > 0; ) {
                    int column = from + random.nextInt(group);
                    if (!row[column]) {
                        row[column] = true;
                        left--;
                    }
                }
            }
        }
        return subModel(parameters, rows, columns, (i, j) -> bits[i][j]);
    }

    /** In every second group of every row a kept and a dropped weight change places, some times. */
    private static SubModelMask exchanged(
            SubModelMask parent, PruningParameters parameters, int group, int times, SplittableRandom random) {
        Mask mask = parent.masks().getFirst();
        boolean[][] bits = new boolean[mask.rows()][mask.columns()];
        for (int i = 0; i < mask.rows(); i++) {
            for (int j = 0; j < mask.columns(); j++) {
                bits[i][j] = mask.kept(i, j);
            }
            for (int from = 0; from < mask.columns(); from += group) {
                if (random.nextInt(8) == 0 || group == mask.columns()) {
                    for (int done = 0; done < times; ) {
                        int a = from + random.nextInt(group);
                        int b = from + random.nextInt(group);
                        if (bits[i][a] && !bits[i][b]) {
                            bits[i][a] = false;
                            bits[i][b] = true;
                            done++;
                        }
                    }
                }
            }
        }
        return subModel(parameters, mask.rows(), mask.columns(), (i, j) -> bits[i][j]);
    }

    private static SubModelMask subModel(PruningParameters parameters, int rows, int columns, Bits bits) {
        return SubModelMask.of(
                "sha256:m", parameters, List.of(mask("model.layers.0.mlp.up_proj", rows, columns, bits)));
    }

    private static Mask mask(String module, int rows, int columns, Bits bits) {
        int rowBytes = (columns + 7) / 8;
        MemorySegment segment = Arena.ofAuto().allocate((long) rows * rowBytes);
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                if (bits.at(row, column)) {
                    long offset = (long) row * rowBytes + column / 8;
                    segment.set(ValueLayout.JAVA_BYTE, offset, (byte)
                            (segment.get(ValueLayout.JAVA_BYTE, offset) | 1 << column % 8));
                }
            }
        }
        return new Mask(module, rows, columns, segment);
    }
}
