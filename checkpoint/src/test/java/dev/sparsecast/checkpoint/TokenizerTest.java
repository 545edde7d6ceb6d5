package dev.sparsecast.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class TokenizerTest {
    private static final Path FILE = BundledFiles.tinyCoder().resolve("tokenizer.json");

    @ParameterizedTest
    @MethodSource("reference")
    void givesTheIdsOfTransformers(JsonNode reference) {
        int[] expected = ids(reference);

        try (Tokenizer tokenizer = Tokenizer.open(FILE)) {
            assertThat(tokenizer.encode(reference.get("text").stringValue())).containsExactly(expected);
        }
    }

    @ParameterizedTest
    @MethodSource("digests")
    void givesTheIdsOfTransformersForEveryBundledPrompt(JsonNode reference) throws IOException {
        List<String> texts =
                Files.readAllLines(BundledFiles.prompts()
                                .resolve(reference.get("file").stringValue()))
                        .stream()
                        .map(line -> StrictJson.read(line).get("text").stringValue())
                        .toList();
        MessageDigest digest = Sha256.start();
        int tokens = 0;

        try (Tokenizer tokenizer = Tokenizer.open(FILE)) {
            for (String text : texts) {
                int[] ids = tokenizer.encode(text);
                tokens += ids.length;
                String line = Arrays.stream(ids).mapToObj(String::valueOf).collect(Collectors.joining(",")) + "\n";
                digest.update(line.getBytes(StandardCharsets.UTF_8));
            }
        }

        assertThat(texts).hasSize(reference.get("prompts").intValue());
        assertThat(tokens).isEqualTo(reference.get("tokens").intValue());
        assertThat(HexFormat.of().formatHex(digest.digest()))
                .isEqualTo(reference.get("sha256").stringValue());
    }

    @Test
    void neitherCutsNorPadsWhateverTheFileSays(@TempDir Path directory) throws IOException {
        String cutting = Files.readString(FILE)
                .replaceFirst(
                        "\"truncation\": null",
                        "\"truncation\": {\"direction\": \"Right\", \"max_length\": 4, \"strategy\": \"LongestFirst\", \"stride\": 0}")
                .replaceFirst(
                        "\"padding\": null",
                        "\"padding\": {\"strategy\": {\"Fixed\": 900}, \"direction\": \"Right\", \"pad_to_multiple_of\": null, "
                                + "\"pad_id\": 0, \"pad_type_id\": 0, \"pad_token\": \"<|endoftext|>\"}");
        Path file = Files.writeString(directory.resolve("tokenizer.json"), cutting);
        String text = "x = 1\n".repeat(1000);

        try (Tokenizer plain = Tokenizer.open(FILE);
                Tokenizer tokenizer = Tokenizer.open(file)) {
            assertThat(tokenizer.encode("x")).isEqualTo(plain.encode("x"));
            assertThat(tokenizer.encode(text)).isEqualTo(plain.encode(text)).hasSizeGreaterThan(3000);
        }
    }

    @Test
    void addsTheSpecialTokensOfThePostProcessor(@TempDir Path directory) throws IOException {
        String beginning = Files.readString(FILE)
                .replaceFirst(
                        "\"post_processor\": null",
                        "\"post_processor\": {\"type\": \"TemplateProcessing\", \"single\": "
                                + "[{\"SpecialToken\": {\"id\": \"<|endoftext|>\", \"type_id\": 0}}, {\"Sequence\": {\"id\": \"A\", \"type_id\": 0}}], "
                                + "\"pair\": [], \"special_tokens\": {\"<|endoftext|>\": {\"id\": \"<|endoftext|>\", \"ids\": [0], \"tokens\": [\"<|endoftext|>\"]}}}");
        Path file = Files.writeString(directory.resolve("tokenizer.json"), beginning);

        try (Tokenizer plain = Tokenizer.open(FILE);
                Tokenizer tokenizer = Tokenizer.open(file)) {
            int[] ids = plain.encode("return x");

            assertThat(tokenizer.encode("return x"))
                    .containsExactly(IntStream.concat(IntStream.of(0), Arrays.stream(ids))
                            .toArray());
        }
    }

    @Test
    void givesTheSameIdsOnManyThreads() {
        try (Tokenizer tokenizer = Tokenizer.open(FILE)) {
            List<String> texts = IntStream.range(0, 400)
                    .mapToObj(i -> "value_" + i + " = " + i * 7919)
                    .toList();
            List<String> one = texts.stream()
                    .map(t -> Arrays.toString(tokenizer.encode(t)))
                    .toList();
            List<String> many = texts.parallelStream()
                    .map(t -> Arrays.toString(tokenizer.encode(t)))
                    .toList();

            assertThat(many).isEqualTo(one);
        }
    }

    @Test
    void takesAnUnpairedSurrogateForTheReplacementCharacter() {
        try (Tokenizer tokenizer = Tokenizer.open(FILE)) {
            assertThat(tokenizer.encode("a\ud800b\udc00 😀")).isEqualTo(tokenizer.encode("a\ufffdb\ufffd 😀"));
        }
    }

    @Test
    void refusesToEncodeOnceClosed() {
        Tokenizer tokenizer = Tokenizer.open(FILE);
        tokenizer.close();
        tokenizer.close();

        assertThatThrownBy(() -> tokenizer.encode("x")).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void refusesAMissingFile(@TempDir Path directory) {
        assertThatThrownBy(() -> Tokenizer.open(directory.resolve("tokenizer.json")))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("there is no file")
                .hasMessageContaining("tokenizer.json");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "{\"version\": \"1.0\"",
                "{\"version\": \"1.0\"}",
                "{\"version\": \"1.0\", \"model\": null}",
                "{\"version\": \"1.0\", \"model\": {\"type\": \"BPE\", \"vocab\": 3}}"
            })
    void refusesADamagedFileInOneSentence(String content, @TempDir Path directory) throws IOException {
        Path file = Files.writeString(directory.resolve("tokenizer.json"), content);

        assertThatThrownBy(() -> Tokenizer.open(file))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(file.toString())
                .message()
                .doesNotContain("\n");
    }

    static Stream<JsonNode> reference() throws IOException {
        return lines("tokenizer-reference.jsonl").stream();
    }

    static Stream<JsonNode> digests() throws IOException {
        return lines("tokenizer-digests.jsonl").stream();
    }

    private static List<JsonNode> lines(String resource) throws IOException {
        List<JsonNode> lines = new ArrayList<>();
        try (InputStream stream = TokenizerTest.class.getResourceAsStream(resource)) {
            new String(stream.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .forEach(line -> lines.add(StrictJson.read(line)));
        }
        return lines;
    }

    private static int[] ids(JsonNode reference) {
        return IntStream.range(0, reference.get("ids").size())
                .map(i -> reference.get("ids").get(i).intValue())
                .toArray();
    }
}
