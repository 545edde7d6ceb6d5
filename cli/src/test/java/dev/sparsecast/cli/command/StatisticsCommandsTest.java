package dev.sparsecast.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsecast.checkpoint.Tap;
import dev.sparsecast.checkpoint.statistics.ModelStatistics;
import dev.sparsecast.checkpoint.statistics.StatisticsFile;
import dev.sparsecast.checkpoint.statistics.TapSums;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What commands do with statistics files that exist already. */
class StatisticsCommandsTest {
    @TempDir
    Path directory;

    private final StringWriter err = new StringWriter();
    private Path python;
    private Path java;
    private Path foreign;
    private Path out;

    @BeforeEach
    void files() {
        python = write("python", 100, 2, "sha256:1");
        java = write("java", 50, 3, "sha256:1");
        foreign = write("rust", 50, 3, "sha256:2");
        out = directory.resolve("out");
    }

    @Test
    void profileAddsFilesWithoutAModel() {
        assertThat(execute("profile", "--merge", python, java, "--out", out)).isZero();

        ModelStatistics merged = StatisticsFile.read(out);
        assertThat(merged.tokens()).isEqualTo(150);
        assertThat(merged.prompts()).isEqualTo(20);
        assertThat(merged.language()).isEqualTo("mixed");
        assertThat(merged.modelDigest()).contains("sha256:1");
        assertThat(merged.sums(0, Tap.MLP_HIDDEN).sumSquares()).containsExactly(5, 5);
    }

    @Test
    void exportsTheSumOfFiles() throws IOException {
        assertThat(execute("export", "imatrix", "--statistics", python, java, "--out", out))
                .isZero();
        assertThat(Files.readString(out, StandardCharsets.ISO_8859_1))
                .startsWith("GGUF")
                .contains("blk.0.attn_output.weight.in_sum2")
                .contains("imatrix.datasets");
    }

    @Test
    void refusesFilesOfDifferentModelsByName() {
        assertThat(execute("profile", "--merge", python, foreign, "--out", out)).isEqualTo(2);
        assertThat(execute("export", "imatrix", "--statistics", python, foreign, "--out", out))
                .isEqualTo(2);
        assertThat(err.toString().lines())
                .hasSize(2)
                .allSatisfy(line -> assertThat(line)
                        .startsWith("sparsecast: " + python + " and " + foreign)
                        .contains("different models"));
        assertThat(out).doesNotExist();
    }

    @Test
    void refusesDamagedFilesAndMissingDirectories() throws IOException {
        Path damaged = directory.resolve("damaged");
        byte[] bytes = Files.readAllBytes(python);
        Files.write(damaged, Arrays.copyOf(bytes, bytes.length - 9));
        assertThat(execute("profile", "--merge", python, damaged, "--out", out)).isEqualTo(2);
        assertThat(execute("profile", "--merge", python, "--out", directory.resolve("no/out")))
                .isEqualTo(2);
        assertThat(execute("export", "imatrix", "--statistics", python, "--out", directory.resolve("no/out")))
                .isEqualTo(2);
        assertThat(err.toString().lines())
                .hasSize(3)
                .anySatisfy(line -> assertThat(line).contains(damaged + " is damaged"))
                .anySatisfy(line -> assertThat(line).contains("its directory does not exist"));
    }

    private int execute(Object... arguments) {
        String[] line = List.of(arguments).stream().map(Object::toString).toArray(String[]::new);
        return RootCommand.commandLine().setErr(new PrintWriter(err, true)).execute(line);
    }

    private Path write(String language, double tokens, double square, String model) {
        Map<Tap, TapSums> taps = new EnumMap<>(Tap.class);
        for (Tap tap : Tap.values()) {
            taps.put(tap, new TapSums(new double[] {square, square}, new double[] {1, -1}));
        }
        Path file = directory.resolve(language);
        StatisticsFile.write(
                file, new ModelStatistics(tokens, 10, language, "code", Optional.of(model), List.of(taps)));
        return file;
    }
}
