package dev.sparsecast.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ComputeOptionsTest {

    @ParameterizedTest
    @CsvSource({
        "--precision, int8, the precision 'int8' is unknown; use float32 or bfloat16.",
        "--device, tpu, 'the device ''tpu'' is unknown; use cpu, gpu or gpu:n.'",
        "--device, gpu:2, cannot run on gpu:2",
        "--batch-tokens, 0, batch tokens must be positive",
        "--threads, -1, --threads must be at least 1"
    })
    void refusesWhatCannotBeComputedInOneSentence(
            String option, String value, String expected, @TempDir Path directory) {
        StringWriter error = new StringWriter();
        int exit = RootCommand.commandLine()
                .setErr(new PrintWriter(error))
                .execute(
                        "profile",
                        "--model",
                        "../demo/models/tiny-coder",
                        "--prompts",
                        "../demo/prompts/python.jsonl",
                        "--out",
                        directory.resolve("statistics").toString(),
                        option,
                        value);
        assertThat(exit).isEqualTo(2);
        assertThat(error.toString().strip().lines()).hasSize(1);
        assertThat(error.toString()).startsWith("sparsecast: ").contains(expected);
    }
}
