package dev.sparsecast.wanda.recipe;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A recipe gives one mask and is one file, whatever kernel, number of threads, width of vectors and kind of compiled code
 * made it. Each case is a JVM of its own, which makes the masks with all kernels that it has, on 1 and on 5 threads. That
 * another program arrives at the same digests is what {@link dev.sparsecast.wanda.pruning.PrunerReferenceTest} tests.
 */
class RecipeDeterminismTest {
    private static final String VECTORS = "--add-modules=jdk.incubator.vector";

    @TempDir
    private static Path directory;

    private static List<String> expected = List.of();

    /**
     * Options of a JVM. Those that this processor's JVM does not know are passed over.
     *
     * @param isSlow whether it makes masks of small models only
     */
    private record Machine(String name, boolean isSlow, List<String> options) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static Stream<Machine> machines() {
        return Stream.of(
                new Machine("vectors of 256 bits", false, List.of(VECTORS, "-XX:MaxVectorSize=32")),
                new Machine("no AVX2", false, List.of(VECTORS, "-XX:UseAVX=1")),
                new Machine(
                        "no fused multiply-add, the second compiler only",
                        false,
                        List.of(VECTORS, "-XX:-UseFMA", "-XX:-TieredCompilation")),
                new Machine("the first compiler only", true, List.of(VECTORS, "-XX:TieredStopAtLevel=1")),
                new Machine("interpreted", true, List.of("-Xint")));
    }

    @BeforeAll
    static void makeMasksHere() throws IOException {
        expected = MaskDigests.lines(directory.resolve("here"), false);
    }

    @Test
    void allWaysInOneProcessGiveOneMaskAndOneRecipe() {
        assertThat(expected)
                .hasSize(16)
                .allSatisfy(line ->
                        assertThat(line).matches(".*: masks \\[sha256:[0-9a-f]{64}], recipes \\[[0-9a-f]{64}]"));
    }

    @ParameterizedTest
    @MethodSource("machines")
    void everyKindOfMachineGivesTheSame(Machine machine) throws Exception {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx512m"));
        command.add("-XX:+IgnoreUnrecognizedVMOptions");
        command.addAll(machine.options());
        command.addAll(List.of(
                "-cp",
                System.getProperty("java.class.path"),
                MaskDigests.class.getName(),
                directory.resolve(machine.name().replaceAll("\\W", "-")).toString(),
                Boolean.toString(machine.isSlow())));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        List<String> lines = process.inputReader().lines().toList();
        assertThat(process.waitFor()).isZero();
        List<String> made =
                lines.stream().filter(line -> line.contains(": masks ")).toList();
        assertThat(made).hasSize(machine.isSlow() ? 12 : 16);
        assertThat(expected).endsWith(made.toArray(String[]::new));
    }
}
