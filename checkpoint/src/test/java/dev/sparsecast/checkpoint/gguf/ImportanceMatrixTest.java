package dev.sparsecast.checkpoint.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.checkpoint.CheckpointException;
import dev.sparsecast.checkpoint.Tap;
import dev.sparsecast.checkpoint.statistics.ModelStatistics;
import dev.sparsecast.checkpoint.statistics.TapSums;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reads what was written with a reader of its own; {@code tools/imatrix_check.py} does the same with llama.cpp's. */
class ImportanceMatrixTest {
    private static final Map<Tap, Integer> CHANNELS =
            Map.of(Tap.ATTENTION_INPUT, 3, Tap.ATTENTION_OUTPUT, 8, Tap.MLP_INPUT, 3, Tap.MLP_HIDDEN, 17);

    @TempDir
    Path directory;

    /** What a reader of GGUF sees: metadata values as they are (numbers, strings, lists), tensors of one dimension. */
    private record Read(Map<String, Object> metadata, Map<String, float[]> tensors) {
        static Read of(Path file) throws IOException {
            ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
            byte[] magic = new byte[4];
            bytes.get(magic);
            assertThat(new String(magic, StandardCharsets.US_ASCII)).isEqualTo("GGUF");
            assertThat(bytes.getInt()).as("version").isEqualTo(3);
            long tensors = bytes.getLong();
            long entries = bytes.getLong();
            Map<String, Object> metadata = new LinkedHashMap<>();
            for (long i = 0; i < entries; i++) {
                metadata.put(string(bytes), value(bytes, bytes.getInt()));
            }
            Map<String, long[]> places = new LinkedHashMap<>();
            for (long i = 0; i < tensors; i++) {
                String name = string(bytes);
                assertThat(bytes.getInt()).as("dimensions").isEqualTo(1);
                long length = bytes.getLong();
                assertThat(bytes.getInt()).as("type").isZero();
                places.put(name, new long[] {length, bytes.getLong()});
            }
            int data = Math.ceilDiv(bytes.position(), 32) * 32;
            Map<String, float[]> values = new LinkedHashMap<>();
            places.forEach((name, place) -> {
                assertThat(place[1] % 32).as("alignment of %s", name).isZero();
                float[] tensor = new float[(int) place[0]];
                bytes.position(data + (int) place[1]).asFloatBuffer().get(tensor);
                values.put(name, tensor);
            });
            return new Read(metadata, values);
        }

        private static Object value(ByteBuffer bytes, int type) {
            return switch (type) {
                case 4 -> bytes.getInt();
                case 8 -> string(bytes);
                case 9 -> {
                    int element = bytes.getInt();
                    List<Object> values = new ArrayList<>();
                    for (long left = bytes.getLong(); left > 0; left--) {
                        values.add(value(bytes, element));
                    }
                    yield values;
                }
                default -> throw new AssertionError("type " + type);
            };
        }

        private static String string(ByteBuffer bytes) {
            byte[] text = new byte[(int) bytes.getLong()];
            bytes.get(text);
            return new String(text, StandardCharsets.UTF_8);
        }
    }

    @Test
    void holdsTheSumsOfEveryLinearLayerUnderLlamaCppsNames() throws IOException {
        Path file = directory.resolve("matrix.gguf");

        int written = ImportanceMatrix.write(file, statistics(1300), List.of("ä.statistics", "b"), 512);

        Read read = Read.of(file);
        assertThat(read.metadata())
                .containsEntry("general.type", "imatrix")
                .containsEntry("imatrix.datasets", List.of("ä.statistics", "b"))
                .containsEntry("imatrix.chunk_count", 2)
                .containsEntry("imatrix.chunk_size", 512)
                .containsEntry("sparsecast.model", "sha256:1");
        assertThat(read.tensors()).hasSize(written).hasSize(2 * 7 * 3);
        Map<Tap, List<String>> names = new EnumMap<>(Map.of(
                Tap.ATTENTION_INPUT, List.of("attn_q", "attn_k", "attn_v"),
                Tap.ATTENTION_OUTPUT, List.of("attn_output"),
                Tap.MLP_INPUT, List.of("ffn_gate", "ffn_up"),
                Tap.MLP_HIDDEN, List.of("ffn_down")));
        for (int layer = 0; layer < 2; layer++) {
            for (Tap tap : Tap.values()) {
                TapSums sums = statistics(1300).sums(layer, tap);
                for (String name : names.get(tap)) {
                    String weight = "blk." + layer + "." + name + ".weight";
                    assertThat(read.tensors().get(weight + ".in_sum2")).containsExactly(floats(sums.sumSquares()));
                    assertThat(read.tensors().get(weight + ".in_sum")).containsExactly(floats(sums.sum()));
                    assertThat(read.tensors().get(weight + ".counts")).containsExactly(1300);
                }
            }
        }
    }

    @Test
    void hasAtLeastOneChunk() throws IOException {
        Path file = directory.resolve("matrix.gguf");
        ImportanceMatrix.write(file, statistics(5), List.of(), 512);

        assertThat(Read.of(file).metadata()).containsEntry("imatrix.chunk_count", 1);
    }

    @Test
    void refusesWhatLlamaCppCouldNotUse() {
        Path file = directory.resolve("matrix.gguf");
        assertThatThrownBy(() -> ImportanceMatrix.write(file, statistics(0.2), List.of(), 512))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("0.2 tokens");
        assertThatThrownBy(() -> ImportanceMatrix.write(file, statistics(1e300), List.of(), 512))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("blk.0.attn_q.weight");
        assertThatThrownBy(() -> ImportanceMatrix.write(file, statistics(5), List.of(), 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("0 tokens");
        Path nowhere = directory.resolve("missing").resolve("matrix.gguf");
        assertThatThrownBy(() -> ImportanceMatrix.write(nowhere, statistics(5), List.of(), 512))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("its directory does not exist");
        assertThat(directory).isEmptyDirectory();
    }

    /** Sums that tell layer, tap and channel. */
    private static ModelStatistics statistics(double tokens) {
        List<Map<Tap, TapSums>> layers = new ArrayList<>();
        for (int layer = 0; layer < 2; layer++) {
            Map<Tap, TapSums> taps = new EnumMap<>(Tap.class);
            for (Tap tap : Tap.values()) {
                double[] squares = new double[CHANNELS.get(tap)];
                Arrays.setAll(squares, channel -> channel + 0.1);
                double[] sum = new double[squares.length];
                Arrays.fill(sum, -layer - tap.ordinal() / 8.0);
                taps.put(tap, new TapSums(squares, sum));
            }
            layers.add(taps);
        }
        return new ModelStatistics(tokens, 1, "python", "code", Optional.of("sha256:1"), layers);
    }

    private static float[] floats(double[] values) {
        float[] narrow = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            narrow[i] = (float) values[i];
        }
        return narrow;
    }
}
