package dev.sparsecast.producers;

import dev.sparsecast.schemas.Names;
import dev.sparsecast.schemas.Prompt;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A file of prompts: one JSON object a line with {@code id}, {@code language}, {@code domain}, {@code text}, and optionally
 * {@code source} and {@code attributes}. A broken line is left out and reported; reading goes on with the next.
 *
 * @param prompts the prompts, in the order of the file
 * @param brokenLines what was left out
 */
public record PromptFile(List<Prompt> prompts, List<BrokenLine> brokenLines) {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final int LONGEST_LINE = 16 << 20;

    /**
     * A line that is no prompt.
     *
     * @param line number of the line, from 1
     * @param reason what is wrong with it
     */
    public record BrokenLine(Path file, int line, String reason) {
        @Override
        public String toString() {
            return file + ":" + line + ": " + reason;
        }
    }

    public PromptFile {
        prompts = List.copyOf(prompts);
        brokenLines = List.copyOf(brokenLines);
    }

    /**
     * Reads a file.
     *
     * @throws PromptSourceException if it cannot be read at all
     */
    public static PromptFile read(Path file) {
        List<Prompt> prompts = new ArrayList<>();
        List<BrokenLine> broken = new ArrayList<>();
        Set<String> ids = new HashSet<>();
        if (!Files.isRegularFile(file)) {
            throw new PromptSourceException("there is no prompt file " + file
                    + "; give a file of JSON lines with id, language, domain and text");
        }
        // a byte that is no UTF-8 becomes a replacement character, so it can spoil no line but its own
        var decoder = StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPLACE)
                .onUnmappableCharacter(CodingErrorAction.REPLACE);
        try (BufferedReader lines =
                new BufferedReader(new java.io.InputStreamReader(Files.newInputStream(file), decoder))) {
            int number = 0;
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                number++;
                String content = number == 1 && line.startsWith("\uFEFF") ? line.substring(1) : line;
                if (content.isBlank()) {
                    continue;
                }
                try {
                    Prompt prompt = parse(content);
                    if (!ids.add(prompt.id())) {
                        throw new IllegalArgumentException("the id '" + prompt.id() + "' was used before in this file");
                    }
                    prompts.add(prompt);
                } catch (JacksonException e) {
                    broken.add(new BrokenLine(file, number, "not a JSON object: " + e.getOriginalMessage()));
                } catch (IllegalArgumentException e) {
                    broken.add(new BrokenLine(file, number, String.valueOf(e.getMessage())));
                }
            }
        } catch (IOException e) {
            throw new PromptSourceException("cannot read the prompt file " + file + ": " + e, e);
        }
        return new PromptFile(prompts, broken);
    }

    private static Prompt parse(String line) {
        if (line.length() > LONGEST_LINE) {
            throw new IllegalArgumentException(
                    "the line has " + line.length() + " characters, more than " + LONGEST_LINE);
        }
        JsonNode node = JSON.readTree(line);
        if (!node.isObject()) {
            throw new IllegalArgumentException("not a JSON object");
        }
        String text = required(node, "text");
        if (text.isBlank()) {
            throw new IllegalArgumentException("the text is empty");
        }
        return new Prompt(
                required(node, "id"),
                Names.label("language", required(node, "language")),
                Names.label("domain", required(node, "domain")),
                text,
                node.path("source").asString(""),
                attributes(node.path("attributes")));
    }

    private static String required(JsonNode node, String field) {
        JsonNode value = node.path(field);
        if (!value.isString() || value.asString().isEmpty()) {
            throw new IllegalArgumentException("the field '" + field + "' is missing or no text");
        }
        return value.asString();
    }

    private static Map<String, String> attributes(JsonNode node) {
        Map<String, String> attributes = new HashMap<>();
        node.properties()
                .forEach(
                        entry -> attributes.put(entry.getKey(), entry.getValue().asString()));
        return attributes;
    }
}
