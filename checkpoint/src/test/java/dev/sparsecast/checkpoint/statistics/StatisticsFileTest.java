package dev.sparsecast.checkpoint.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.checkpoint.CheckpointException;
import dev.sparsecast.checkpoint.ElementType;
import dev.sparsecast.checkpoint.SafetensorsFile;
import dev.sparsecast.checkpoint.SafetensorsWriter;
import dev.sparsecast.checkpoint.Tap;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class StatisticsFileTest {
    private static final List<String> MODULES = List.of(
            "self_attn.q_proj",
            "self_attn.k_proj",
            "self_attn.v_proj",
            "self_attn.o_proj",
            "mlp.gate_proj",
            "mlp.up_proj",
            "mlp.down_proj");

    @TempDir
    Path directory;

    /** What a foreign writer would write: two layers, three channels everywhere. */
    private final Map<String, double[]> tensors = new LinkedHashMap<>();

    private final Map<String, String> metadata = new HashMap<>();

    @BeforeEach
    void aGoodFile() {
        for (int layer = 0; layer < 2; layer++) {
            for (String module : MODULES) {
                tensors.put("model.layers." + layer + "." + module + ".in_sum2", new double[] {1, 4, layer});
                tensors.put("model.layers." + layer + "." + module + ".in_sum", new double[] {-1, 2, 0});
            }
        }
        metadata.putAll(Map.of("format", "sparsecast-statistics", "tokens", "12"));
    }

    @Test
    void filesAreAddedAndThoseOfDifferentModelsRefusedByName() {
        Path first = directory.resolve("first");
        Path second = directory.resolve("second");
        ModelStatistics one = RandomStatistics.of(1, 2);
        StatisticsFile.write(first, of(one, "python", "sha256:1"));
        StatisticsFile.write(second, of(one, "java", "sha256:1"));

        ModelStatistics sum = StatisticsFile.readMixed(List.of(first, second, first));

        assertThat(sum.tokens()).isEqualTo(3 * one.tokens());
        assertThat(sum.prompts()).isEqualTo(3 * one.prompts());
        assertThat(sum.language()).isEqualTo("mixed");
        assertThat(sum.domain()).isEqualTo("code");
        assertThat(sum.modelDigest()).contains("sha256:1");
        double[] squares = one.sums(1, Tap.MLP_HIDDEN).sumSquares();
        for (int channel = 0; channel < squares.length; channel++) {
            assertThat(sum.sums(1, Tap.MLP_HIDDEN).sumSquares()[channel])
                    .isEqualTo(squares[channel] + squares[channel] + squares[channel]);
        }

        StatisticsFile.write(second, of(one, "java", "sha256:2"));
        assertThatThrownBy(() -> StatisticsFile.readMixed(List.of(first, second)))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(first + " and " + second + " are statistics of different models");
    }

    private static ModelStatistics of(ModelStatistics sums, String language, String model) {
        return new ModelStatistics(sums.tokens(), sums.prompts(), language, "code", Optional.of(model), sums.layers());
    }

    static LongStream seeds() {
        return LongStream.range(0, 20);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void whatItWritesReadsBackTheSame(long seed) {
        ModelStatistics statistics = RandomStatistics.of(seed, 1 + (int) (seed % 4));

        StatisticsFile.write(file(), statistics);
        ModelStatistics read = StatisticsFile.read(file());

        assertThat(read).usingRecursiveComparison().isEqualTo(statistics);
    }

    @Test
    void writesTheContractsNamesForEveryModule() {
        StatisticsFile.write(file(), RandomStatistics.of(1, 2));

        try (SafetensorsFile opened = SafetensorsFile.open(file())) {
            assertThat(opened.tensors().keySet()).containsExactlyInAnyOrderElementsOf(tensors.keySet());
            assertThat(opened.tensors().values())
                    .allSatisfy(tensor -> assertThat(tensor.type()).isEqualTo(ElementType.F64))
                    .allSatisfy(tensor -> assertThat(tensor.shape()).hasSize(1));
            assertThat(opened.metadata()).containsEntry("format", "sparsecast-statistics");
        }
    }

    @Test
    void writesWholeNumbersWithoutAFraction() {
        ModelStatistics some = RandomStatistics.of(1, 1);
        StatisticsFile.write(
                file(), new ModelStatistics(1e7, 3, "python", "code", Optional.of("sha256:00"), some.layers()));

        try (SafetensorsFile opened = SafetensorsFile.open(file())) {
            assertThat(opened.metadata())
                    .isEqualTo(Map.of(
                            "format",
                            "sparsecast-statistics",
                            "tokens",
                            "10000000",
                            "prompts",
                            "3",
                            "language",
                            "python",
                            "domain",
                            "code",
                            "model",
                            "sha256:00"));
        }
    }

    @Test
    void readsAFileThatSaysNoMoreThanItMust() {
        write();

        ModelStatistics statistics = StatisticsFile.read(file());

        assertThat(statistics.tokens()).isEqualTo(12);
        assertThat(statistics.prompts()).isZero();
        assertThat(statistics.language()).isEqualTo("mixed");
        assertThat(statistics.domain()).isEqualTo("mixed");
        assertThat(statistics.modelDigest()).isEmpty();
        assertThat(statistics.layers()).hasSize(2);
        assertThat(statistics.sums(1, Tap.MLP_HIDDEN).sumSquares()).containsExactly(1, 4, 1);
        assertThat(statistics.sums(1, Tap.MLP_HIDDEN).sum()).containsExactly(-1, 2, 0);
    }

    @ParameterizedTest
    @CsvSource({"12, 12", "12.5, 12.5", "1e3, 1000", "0.25, 0.25"})
    void readsTokensAsAnyDecimalNumber(String text, double tokens) {
        metadata.put("tokens", text);
        write();

        assertThat(StatisticsFile.read(file()).tokens()).isEqualTo(tokens);
    }

    @Test
    void ignoresTensorsThatAreNoStatistics() {
        tensors.put("lm_head.in_sum2", new double[] {-1});
        tensors.put("note", new double[0]);
        write();

        assertThat(StatisticsFile.read(file()).layers()).hasSize(2);
    }

    @ParameterizedTest
    @CsvSource({
        "format, , is not a statistics file",
        "format, sparsecast-mask, format=sparsecast-mask",
        "tokens, , has no tokens",
        "tokens, 0, tokens=0",
        "tokens, -3, tokens=-3",
        "tokens, NaN, tokens=NaN",
        "tokens, 1e999, tokens=1e999",
        "tokens, many, tokens=many",
        "tokens, '', tokens=",
        "prompts, -1, prompts=-1",
        "prompts, few, prompts=few",
    })
    void refusesMetadataThatAreMissingOrWrong(String key, String value, String complaint) {
        if (value == null) {
            metadata.remove(key);
        } else {
            metadata.put(key, value);
        }
        write();

        assertRefused(complaint);
    }

    @ParameterizedTest
    @MethodSource("names")
    void refusesAFileThatLacksATensor(String name) {
        tensors.remove(name);
        write();

        assertRefused("has no tensor " + name);
    }

    static List<String> names() {
        return MODULES.stream()
                .flatMap(module ->
                        Stream.of("model.layers.0." + module + ".in_sum2", "model.layers.1." + module + ".in_sum"))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("names")
    void refusesWrongTypesShapesAndNumbersByName(String name) {
        double[] good = tensors.get(name);
        for (double bad : new double[] {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}) {
            tensors.put(name, new double[] {good[0], bad, good[2]});
            write();
            assertRefused("tensor " + name + " has " + bad + " in channel 1");
        }
        tensors.put(name, good);
        write(name, ElementType.F32, List.of(6L));
        assertRefused("tensor " + name + " is F32 of shape [6]");
        write(name, ElementType.F64, List.of(3L, 1L));
        assertRefused("tensor " + name + " is F64 of shape [3, 1]");
        write(name, ElementType.F64, List.of());
        assertRefused("tensor " + name + " is F64 of shape []");
    }

    @Test
    void refusesNegativeSumsOfSquares() {
        tensors.put("model.layers.1.self_attn.o_proj.in_sum2", new double[] {1, 4, -1e-9});
        write();

        assertRefused("tensor model.layers.1.self_attn.o_proj.in_sum2 has -1.0E-9 in channel 2");
    }

    @ParameterizedTest
    @ValueSource(strings = {"self_attn.k_proj", "self_attn.v_proj", "mlp.up_proj"})
    void refusesModulesThatDisagreeAboutTheInputTheyShare(String module) {
        for (String sum : List.of(".in_sum2", ".in_sum")) {
            String name = "model.layers.1." + module + sum;
            double[] good = tensors.get(name);
            tensors.put(name, new double[] {good[0], Math.nextUp(good[1]), good[2]});
            write();
            assertRefused("tensor " + name + " differs from model.layers.1.");
            tensors.put(name, new double[] {1, 2});
            write();
            assertRefused("tensor " + name + " has 2 channels, but model.layers.1.");
            tensors.put(name, good);
        }
    }

    @Test
    void refusesSumsOfAnotherLengthThanTheirSquares() {
        tensors.put("model.layers.0.mlp.down_proj.in_sum", new double[] {1});
        write();

        assertRefused("tensor model.layers.0.mlp.down_proj.in_sum has 1 channels, but");
    }

    @Test
    void refusesLayersThatDoNotFollowEachOther() {
        tensors.keySet().removeIf(name -> name.startsWith("model.layers.0."));
        write();

        assertRefused("has statistics of layer 1, but none of layer 0");
    }

    @Test
    void refusesAFileWithoutStatistics() {
        tensors.clear();
        write();

        assertRefused("holds no statistics");
    }

    @Test
    void refusesToWriteStatisticsOfNothing() {
        ModelStatistics some = RandomStatistics.of(1, 1);

        assertThatThrownBy(() -> StatisticsFile.write(
                        file(), new ModelStatistics(0, 0, "python", "code", Optional.empty(), some.layers())))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> StatisticsFile.write(
                        file(), new ModelStatistics(1, 0, "python", "code", Optional.empty(), List.of(Map.of()))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("layer 0, tap attention_input");
        assertThat(Files.exists(file())).isFalse();
    }

    private Path file() {
        return directory.resolve("statistics.safetensors");
    }

    private void write() {
        write("", ElementType.F64, List.of());
    }

    /** Writes the tensors, one of them described otherwise. */
    private void write(String odd, ElementType type, List<Long> shape) {
        List<SafetensorsWriter.Entry> layout = new ArrayList<>();
        tensors.forEach((name, values) -> layout.add(
                name.equals(odd)
                        ? new SafetensorsWriter.Entry(name, type, shape)
                        : new SafetensorsWriter.Entry(name, ElementType.F64, List.of((long) values.length))));
        try (SafetensorsWriter writer = SafetensorsWriter.create(file(), layout, metadata)) {
            for (SafetensorsWriter.Entry entry : layout) {
                MemorySegment bytes = MemorySegment.ofArray(tensors.get(entry.name()));
                writer.write(entry.name(), bytes.asSlice(0, entry.bytes()));
            }
            writer.finish();
        }
    }

    private void assertRefused(String complaint) {
        assertThatThrownBy(() -> StatisticsFile.read(file()))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(file().toString())
                .hasMessageContaining(complaint)
                .message()
                .doesNotContain("\n");
    }
}
