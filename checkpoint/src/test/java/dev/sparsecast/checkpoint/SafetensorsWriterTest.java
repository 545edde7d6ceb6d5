package dev.sparsecast.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.checkpoint.SafetensorsWriter.Entry;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SafetensorsWriterTest {
    private static final List<Entry> TWO =
            List.of(new Entry("b", ElementType.U8, List.of(3L)), new Entry("a", ElementType.U8, List.of(2L)));

    @TempDir
    Path directory;

    static LongStream seeds() {
        return LongStream.range(0, 60);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void whatItWritesReadsBackTheSame(long seed) throws IOException, NoSuchAlgorithmException {
        SplittableRandom random = new SplittableRandom(seed);
        List<Entry> layout = layout(random);
        List<byte[]> contents = new ArrayList<>();
        Map<String, String> metadata = random.nextBoolean() ? Map.of() : Map.of("seed", "№ \"" + seed + "\"\n");
        MessageDigest digest = MessageDigest.getInstance("SHA-256");

        String written;
        try (SafetensorsWriter writer = SafetensorsWriter.create(file(), layout, metadata)) {
            for (Entry entry : layout) {
                byte[] content = new byte[(int) entry.bytes()];
                random.nextBytes(content);
                contents.add(content);
                digest.update(content);
                writeInPieces(writer, entry.name(), content, random);
            }
            written = writer.finish();
        }

        assertThat(written).isEqualTo("sha256:" + HexFormat.of().formatHex(digest.digest()));
        try (SafetensorsFile opened = SafetensorsFile.open(file())) {
            assertThat(opened.metadata()).isEqualTo(metadata);
            assertThat(opened.dataDigest()).isEqualTo(written);
            assertThat(opened.tensors()).hasSize(layout.size());
            for (int i = 0; i < layout.size(); i++) {
                Tensor tensor = opened.tensor(layout.get(i).name());
                assertThat(tensor.type()).isEqualTo(layout.get(i).type());
                assertThat(tensor.shape()).isEqualTo(layout.get(i).shape());
                assertThat(tensor.data().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(contents.get(i));
            }
        }
    }

    private static List<Entry> layout(SplittableRandom random) {
        List<Entry> layout = new ArrayList<>();
        int count = random.nextInt(6);
        for (int i = 0; i < count; i++) {
            List<Long> shape = Stream.generate(() -> (long) random.nextInt(random.nextInt(5) == 0 ? 1 : 9))
                    .limit(random.nextInt(4))
                    .toList();
            ElementType[] types = ElementType.values();
            layout.add(new Entry("tensor \"" + i + "\" é", types[random.nextInt(types.length)], shape));
        }
        return layout;
    }

    private static void writeInPieces(SafetensorsWriter writer, String name, byte[] content, SplittableRandom random) {
        int position = 0;
        while (position < content.length) {
            int end = position + 1 + random.nextInt(content.length - position);
            writer.write(name, MemorySegment.ofArray(content).asSlice(position, end - position));
            position = end;
        }
    }

    @Test
    void writesLargeTensorsFromAnyKindOfSegment() {
        int elements = 300_001; // more than one of the writer's chunks, and no multiple of one
        double[] values = new SplittableRandom(5).doubles(elements).toArray();

        try (SafetensorsWriter writer = SafetensorsWriter.create(
                file(), List.of(new Entry("t", ElementType.F64, List.of((long) elements))), Map.of())) {
            writer.write("t", MemorySegment.ofArray(values));
            writer.finish();
        }

        try (SafetensorsFile opened = SafetensorsFile.open(file())) {
            assertThat(opened.tensor("t").toDoubles()).isEqualTo(values);
        }
    }

    @Test
    void padsTheHeaderWithSpacesToEightBytes() throws IOException {
        for (int length = 1; length <= 8; length++) {
            try (SafetensorsWriter writer = SafetensorsWriter.create(
                    file(), List.of(new Entry("n".repeat(length), ElementType.U8, List.of(0L))), Map.of())) {
                writer.finish();
            }

            byte[] bytes = Files.readAllBytes(file());
            long header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
            assertThat(header % 8).isZero();
            assertThat(bytes).hasSize((int) (8 + header));
            String text = new String(bytes, 8, (int) header, StandardCharsets.UTF_8);
            assertThat(text).startsWith("{").matches("\\{.*\\} {0,7}");
        }
    }

    @Test
    void nothingAppearsUnderTheNameUntilFinished() throws IOException {
        Files.writeString(file(), "old");
        try (SafetensorsWriter writer = SafetensorsWriter.create(file(), TWO, Map.of())) {
            writer.write("b", bytes(3));
            writer.write("a", bytes(2));
            assertThat(file()).hasContent("old");

            writer.finish();

            assertThat(names()).containsExactly("out.safetensors");
            SafetensorsFile.open(file()).close();
        }
        assertThat(names()).containsExactly("out.safetensors");
    }

    @Test
    void anUnfinishedFileLeavesNothingBehind() throws IOException {
        try (SafetensorsWriter writer = SafetensorsWriter.create(file(), TWO, Map.of())) {
            writer.write("b", bytes(3));
            assertThatThrownBy(writer::finish)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("the next one is a");
        }

        assertThat(names()).isEmpty();
    }

    @Test
    void refusesTensorsOutOfTurnAndOfTheWrongSize() {
        try (SafetensorsWriter writer = SafetensorsWriter.create(file(), TWO, Map.of())) {
            assertThatThrownBy(() -> writer.write("a", bytes(2)))
                    .hasMessageContaining("tensor a was written out of turn");
            assertThatThrownBy(() -> writer.write("x", bytes(2)))
                    .hasMessageContaining("tensor x was written out of turn");
            writer.write("b", bytes(2));
            assertThatThrownBy(() -> writer.write("a", bytes(2))).hasMessageContaining("2 bytes are written");
            assertThatThrownBy(() -> writer.write("b", bytes(2))).hasMessageContaining("has 3 bytes, but 4");
            writer.write("b", bytes(1));
            writer.write("a", bytes(2));
            assertThatThrownBy(() -> writer.write("a", bytes(1))).hasMessageContaining("has 2 bytes, but 3");
            assertThatThrownBy(() -> writer.write("b", bytes(1))).hasMessageContaining("out of turn");
            writer.finish();
            assertThatThrownBy(writer::finish).hasMessageContaining("finished already");
        }
    }

    @Test
    void refusesImpossibleLayouts() throws IOException {
        assertThatThrownBy(() -> create(TWO.get(0), TWO.get(0)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("b is taken");
        assertThatThrownBy(() -> create(new Entry("__metadata__", ElementType.U8, List.of(1L))))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> create(new Entry("n", ElementType.U8, List.of(-1L))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("n has a negative size");
        assertThatThrownBy(() -> create(new Entry("n", ElementType.F64, List.of(1L << 62))))
                .isInstanceOf(ArithmeticException.class);
        assertThat(names()).isEmpty();
    }

    @Test
    void refusesADirectoryThatDoesNotExist() {
        Path file = directory.resolve("absent/out.safetensors");

        assertThatThrownBy(() -> SafetensorsWriter.create(file, TWO, Map.of()))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(file.toString())
                .hasMessageContaining("does not exist");
    }

    private void create(Entry... layout) {
        SafetensorsWriter.create(file(), Arrays.asList(layout), Map.of()).close();
    }

    private Path file() {
        return directory.resolve("out.safetensors");
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }

    private static MemorySegment bytes(int count) {
        return MemorySegment.ofArray(new byte[count]);
    }
}
