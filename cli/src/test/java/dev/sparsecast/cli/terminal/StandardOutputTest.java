package dev.sparsecast.cli.terminal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class StandardOutputTest {
    private record Result(int differingBits, double jaccardDistance) {}

    @Test
    void writesARecordAsOneLineInSnakeCase() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        new StandardOutput(new PrintStream(bytes, true, StandardCharsets.UTF_8)).json(new Result(3, 0.25));

        assertThat(bytes.toString(StandardCharsets.UTF_8))
                .isEqualTo("{\"differing_bits\":3,\"jaccard_distance\":0.25}" + System.lineSeparator());
    }
}
