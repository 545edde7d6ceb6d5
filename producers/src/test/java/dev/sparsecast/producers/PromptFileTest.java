package dev.sparsecast.producers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.schemas.Prompt;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PromptFileTest {
    private static final String GOOD = """
            {"id": "a", "language": "python", "domain": "code", "text": "print(1)"}""";

    @TempDir
    Path directory;

    @Test
    void readsPromptsWithAndWithoutSource() throws IOException {
        PromptFile file = read("\uFEFF" + GOOD + "\n\n"
                + "{\"id\": \"b\", \"language\": \"en\", \"domain\": \"math\", \"text\": \"é\", \"source\": \"s\","
                + " \"attributes\": {\"k\": \"v\"}}\n");
        assertThat(file.brokenLines()).isEmpty();
        assertThat(file.prompts())
                .containsExactly(
                        new Prompt("a", "python", "code", "print(1)", "", Map.of()),
                        new Prompt("b", "en", "math", "é", "s", Map.of("k", "v")));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\0',
            value = {
                "{\"id\": \"x\"|not a JSON object",
                "[1]|not a JSON object",
                "{\"language\": \"python\", \"domain\": \"code\", \"text\": \"t\"}|'id' is missing",
                "{\"id\": 5, \"language\": \"python\", \"domain\": \"code\", \"text\": \"t\"}|'id' is missing or no text",
                "{\"id\": \"x\", \"language\": \"../x\", \"domain\": \"code\", \"text\": \"t\"}|language '../x'",
                "{\"id\": \"x\", \"language\": \"python\", \"domain\": \"Code\", \"text\": \"t\"}|domain 'Code'",
                "{\"id\": \"x\", \"language\": \"python\", \"domain\": \"code\", \"text\": \"  \"}|text is empty",
                "{\"id\": \"a\", \"language\": \"python\", \"domain\": \"code\", \"text\": \"t\"}|'a' was used before",
                "{\"id\": \"x\", \"id\": \"y\", \"language\": \"python\", \"domain\": \"code\", \"text\": \"t\"}|not a JSON object",
                "{\"id\": \"x\", \"language\": \"python\", \"domain\": \"code\", \"text\": \"t\"} {}|not a JSON object",
                "{\"id\": \"x\", \"language\": \"python\", \"domain\": \"code\", \"text\": \"\\ud83d\"}|half of a surrogate pair",
                "{\"id\": \"x\", \"language\": \"python\", \"domain\": \"code\", \"text\": \"t\", \"source\": 5}|'source' is no text",
                "{\"id\": \"x\", \"language\": \"python\", \"domain\": \"code\", \"text\": \"t\", \"attributes\": [1]}|'attributes' is no object",
                "{\"id\": \"x\", \"language\": \"python\", \"domain\": \"code\", \"text\": \"t\", \"attributes\": {\"k\": 1}}|'k' is no text",
            })
    void aBrokenLineIsNamedAndLeftOut(String line, String reason) throws IOException {
        PromptFile file = read(GOOD + "\n" + line + "\n" + GOOD.replace("\"a\"", "\"c\""));
        assertThat(file.prompts()).extracting(Prompt::id).containsExactly("a", "c");
        assertThat(file.brokenLines()).singleElement().satisfies(broken -> {
            assertThat(broken.line()).isEqualTo(2);
            assertThat(broken.reason()).contains(reason);
            assertThat(broken.toString()).contains("prompts.jsonl:2: ");
        });
    }

    @Test
    void bytesThatAreNoTextSpoilOnlyTheirLine() throws IOException {
        Path file = directory.resolve("prompts.jsonl");
        byte[] good = (GOOD + "\n").getBytes(StandardCharsets.UTF_8);
        byte[] all = new byte[good.length + 4];
        all[0] = (byte) 0xff;
        all[1] = (byte) 0xfe;
        all[2] = 0;
        all[3] = '\n';
        System.arraycopy(good, 0, all, 4, good.length);
        Files.write(file, all);
        PromptFile read = PromptFile.read(file);
        assertThat(read.prompts()).hasSize(1);
        assertThat(read.brokenLines()).hasSize(1);
        assertThat(read.brokenLines().getFirst().reason()).contains("no UTF-8");
    }

    @Test
    void aLineOverTheLimitIsPassedOver() throws IOException {
        PromptFile file = read("x".repeat(PromptFile.LONGEST_LINE + 1) + "\r\n" + GOOD + "\r\n");
        assertThat(file.prompts()).hasSize(1);
        assertThat(file.brokenLines())
                .singleElement()
                .satisfies(broken -> assertThat(broken.reason()).contains("more than " + PromptFile.LONGEST_LINE));
    }

    @Test
    void aMissingFileIsNamed() {
        assertThatThrownBy(() -> PromptFile.read(directory.resolve("absent.jsonl")))
                .isInstanceOf(PromptSourceException.class)
                .hasMessageContaining("absent.jsonl");
    }

    private PromptFile read(String content) throws IOException {
        Path file = directory.resolve("prompts.jsonl");
        Files.writeString(file, content);
        return PromptFile.read(file);
    }
}
