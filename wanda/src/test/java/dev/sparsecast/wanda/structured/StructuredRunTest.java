package dev.sparsecast.wanda.structured;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.checkpoint.ElementType;
import dev.sparsecast.checkpoint.ModelConfig;
import dev.sparsecast.checkpoint.Tap;
import dev.sparsecast.checkpoint.Tensor;
import dev.sparsecast.checkpoint.statistics.ModelStatistics;
import dev.sparsecast.checkpoint.statistics.StatisticsFile;
import dev.sparsecast.checkpoint.statistics.TapSums;
import dev.sparsecast.wanda.Progress;
import dev.sparsecast.wanda.PruningException;
import dev.sparsecast.wanda.TestModels;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class StructuredRunTest {
    @TempDir
    private Path directory;

    static List<String> references() throws IOException {
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(
                Objects.requireNonNull(StructuredRunTest.class.getResourceAsStream("cuts.txt")),
                StandardCharsets.UTF_8))) {
            return reader.lines().toList();
        }
    }

    /** {@code cuts.txt}: share, heads to remove, query heads and neurons left, digest (tools/structured_reference.py). */
    @ParameterizedTest
    @MethodSource("references")
    void makesTheModelThatNumPyMakes(String reference) {
        String[] words = reference.split(" ", -1);
        OptionalInt removed = words[1].equals("-") ? OptionalInt.empty() : OptionalInt.of(Integer.parseInt(words[1]));
        for (int threads : new int[] {1, 3}) {
            Path out = directory.resolve("cut-" + threads);
            StructuredResult result = run(TestModels.tinyCoder(), Double.parseDouble(words[0]), removed, out, threads);
            assertThat(result.heads()).isEqualTo(Integer.parseInt(words[2]));
            assertThat(result.intermediateSize()).isEqualTo(Integer.parseInt(words[3]));
            assertThat(result.digest()).isEqualTo(words[4]);
        }
    }

    @Test
    void aModelInShardsKeepsThemAndItsFiles() throws IOException {
        Path model = TestModels.write(directory.resolve("model"), ElementType.F32, 3);
        Path out = directory.resolve("cut");
        StructuredResult result = run(model, 0.3, OptionalInt.empty(), out, 2);
        assertThat(result.keptWeights()).isLessThan(result.weights());
        assertThat(result.removedShare()).isEqualTo(1 - (double) result.keptWeights() / result.weights());
        try (Checkpoint cut = Checkpoint.open(out);
                Stream<Path> files = Files.list(out)) {
            assertThat(cut.config().traits().mlpBias()).isTrue();
            assertThat(cut.config().traits().queryKeyValueBias()).isFalse();
            assertThat(cut.tensor("model.layers.1.mlp.up_proj.bias").shape())
                    .containsExactly((long) result.intermediateSize());
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder(
                            "config.json",
                            "extra",
                            "generation_config.json",
                            "model-00001-of-00002.safetensors",
                            "model-00002-of-00002.safetensors",
                            "model.safetensors.index.json",
                            "tokenizer.json");
        }
        assertThat(Files.readString(out.resolve("model.safetensors.index.json")))
                .contains("\"model.layers.1.mlp.down_proj.bias\" : \"model-00002-of-00002.safetensors\"");
        assertThat(Files.readString(out.resolve("config.json")))
                .contains("\"rope_theta\" : 10000.0", "\"intermediate_size\" : " + result.intermediateSize());
    }

    /** A model that was cut has biases of its own; cutting it again keeps them. */
    @Test
    void biasesThatAreThereStayAndGetTheCompensationOnTop() {
        Path once = directory.resolve("once");
        Path twice = directory.resolve("twice");
        run(TestModels.tinyCoder(), 0.3, OptionalInt.of(1), once, 2);
        run(once, 0.2, OptionalInt.of(0), twice, 2);
        try (Checkpoint first = Checkpoint.open(once);
                Checkpoint second = Checkpoint.open(twice)) {
            String output = "model.layers.2.self_attn.o_proj.bias";
            assertThat(second.tensor(output).toFloats())
                    .containsExactly(first.tensor(output).toFloats());
            Tensor before = first.tensor("model.layers.2.mlp.down_proj.bias");
            Tensor after = second.tensor("model.layers.2.mlp.down_proj.bias");
            assertThat(after.toFloats()).isNotEqualTo(before.toFloats());
            assertThat(second.tensor("model.layers.2.mlp.up_proj.bias").toFloats())
                    .containsOnly(0);
        }
    }

    @Test
    void aConstantInputIsWhollyReplacedByTheBias() throws IOException {
        Path model = TestModels.write(directory.resolve("model"), ElementType.F32, 4);
        Path out = directory.resolve("cut");
        try (Checkpoint base = Checkpoint.open(model)) {
            // every channel of down's input always is 2
            ModelStatistics constant = statistics(
                    base.config(),
                    10,
                    (tap, channel) -> tap == Tap.MLP_HIDDEN ? new double[] {40, 20} : new double[] {channel + 1.0, 0});
            Path file = directory.resolve("statistics");
            StatisticsFile.write(file, constant);
            StructuredRun.run(
                    new StructuredRequest(model, List.of(file), 0.3, OptionalInt.of(0), out, 1), Progress.SILENT);
            try (Checkpoint cut = Checkpoint.open(out)) {
                String down = "model.layers.0.mlp.down_proj.";
                float[] bias = cut.tensor(down + "bias").toFloats();
                float[] kept = sums(cut.tensor(down + "weight"));
                float[] all = sums(base.tensor(down + "weight"));
                for (int row = 0; row < bias.length; row++) {
                    assertThat(2 * kept[row] + bias[row])
                            .isCloseTo(2 * all[row], org.assertj.core.api.Assertions.within(1e-5f));
                }
            }
        }
    }

    @Test
    void whatCannotBeRemovedIsRefused() {
        assertThatThrownBy(() -> run(TestModels.tinyCoder(), 1.0, OptionalInt.empty(), directory.resolve("a"), 1))
                .isInstanceOf(PruningException.class)
                .hasMessageContaining("sparsity 1.0 cannot be used");
        assertThatThrownBy(() -> run(TestModels.tinyCoder(), 0.1, OptionalInt.of(1), directory.resolve("b"), 1))
                .isInstanceOf(PruningException.class)
                .hasMessageContaining("with 1 key and value heads removed");
        assertThatThrownBy(() -> run(TestModels.tinyCoder(), 0.5, OptionalInt.of(2), directory.resolve("c"), 1))
                .isInstanceOf(PruningException.class)
                .hasMessageContaining("cannot remove 2 of 2");
        assertThatThrownBy(() -> StructuredRun.run(
                        new StructuredRequest(
                                TestModels.tinyCoder(), List.of(), 0.5, OptionalInt.empty(), directory.resolve("d"), 1),
                        Progress.SILENT))
                .isInstanceOf(PruningException.class)
                .hasMessageContaining("needs activation statistics");
        assertThat(directory.resolve("b")).doesNotExist();
    }

    @Test
    void roundsToBfloat16AsHardwareDoes() {
        assertThat(SlimTensors.bfloat16(1f)).isEqualTo((short) 0x3f80);
        assertThat(SlimTensors.bfloat16(Float.intBitsToFloat(0x3f808000))).isEqualTo((short) 0x3f80); // tie to even
        assertThat(SlimTensors.bfloat16(Float.intBitsToFloat(0x3f818000))).isEqualTo((short) 0x3f82);
        assertThat(SlimTensors.bfloat16(Float.intBitsToFloat(0xbf808001))).isEqualTo((short) 0xbf81);
    }

    private static float[] sums(Tensor weight) {
        float[] sums = new float[weight.rows()];
        float[] values = weight.toFloats();
        for (int i = 0; i < values.length; i++) {
            sums[i / weight.columns()] += values[i];
        }
        return sums;
    }

    private StructuredResult run(Path model, double share, OptionalInt removed, Path out, int threads) {
        Path file = directory.resolve("statistics");
        try (Checkpoint base = Checkpoint.open(model)) {
            ModelStatistics squares = TestModels.madeUpStatistics(base.config());
            StatisticsFile.write(file, withSums(squares));
        }
        return StructuredRun.run(
                new StructuredRequest(model, List.of(file), share, removed, out, threads), Progress.SILENT);
    }

    /** The sums that tools/structured_reference.py makes up. */
    private static ModelStatistics withSums(ModelStatistics statistics) {
        for (int layer = 0; layer < statistics.layers().size(); layer++) {
            for (Tap tap : Tap.values()) {
                double[] sum = statistics.sums(layer, tap).sum();
                for (int channel = 0; channel < sum.length; channel++) {
                    sum[channel] = ((channel * 5417L + layer * 31L + tap.ordinal() * 17L) % 401 - 200) / 4.0;
                }
            }
        }
        return statistics;
    }

    private interface Sums {
        double[] squaresAndSum(Tap tap, int channel);
    }

    private static ModelStatistics statistics(ModelConfig config, double tokens, Sums values) {
        List<Map<Tap, TapSums>> layers = new ArrayList<>();
        for (int layer = 0; layer < config.layers(); layer++) {
            Map<Tap, TapSums> taps = new EnumMap<>(Tap.class);
            for (Tap tap : Tap.values()) {
                double[] squares = new double[tap.channels(config)];
                double[] sum = new double[squares.length];
                for (int channel = 0; channel < sum.length; channel++) {
                    squares[channel] = values.squaresAndSum(tap, channel)[0];
                    sum[channel] = values.squaresAndSum(tap, channel)[1];
                }
                taps.put(tap, new TapSums(squares, sum));
            }
            layers.add(taps);
        }
        return new ModelStatistics(tokens, 1, "python", "code", java.util.Optional.empty(), layers);
    }
}
