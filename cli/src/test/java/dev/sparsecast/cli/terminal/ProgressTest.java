package dev.sparsecast.cli.terminal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ProgressTest {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final PrintStream stream = new PrintStream(bytes, true, StandardCharsets.UTF_8);

    @Test
    void printsPlainLinesWithoutATerminal() {
        try (Progress progress = new Progress(stream, false)) {
            progress.update("1 of 3");
            progress.update("2 of 3");
            progress.line("a note");
            progress.update("3 of 3");
        }

        assertThat(text().lines()).containsExactly("1 of 3", "a note", "3 of 3");
        assertThat(text()).doesNotContain("\u001b");
    }

    @Test
    void rewritesItsLineOnATerminalAndEndsIt() {
        try (Progress progress = new Progress(stream, true)) {
            progress.update("1 of 2");
            progress.line("a note");
            progress.update("2 of 2");
        }

        assertThat(text()).startsWith("\r").contains("1 of 2\r", "a note").endsWith("2 of 2" + System.lineSeparator());
    }

    private String text() {
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
