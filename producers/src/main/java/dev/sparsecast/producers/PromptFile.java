package dev.sparsecast.producers;

import dev.sparsecast.producers.LineReader.Line;
import dev.sparsecast.schemas.Names;
import dev.sparsecast.schemas.Prompt;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
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
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    /** Below what a broker takes by default. */
    static final int LONGEST_LINE = 1_000_000;

    private static final int LONGEST_ID = 256;

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
        if (!Files.isRegularFile(file)) {
            throw new PromptSourceException("there is no prompt file " + file
                    + "; give a file of JSON lines with id, language, domain and text");
        }
        List<Prompt> prompts = new ArrayList<>();
        List<BrokenLine> broken = new ArrayList<>();
        Set<String> ids = new HashSet<>();
        try (LineReader lines = new LineReader(Files.newInputStream(file), LONGEST_LINE)) {
            int number = 1;
            for (Line line = lines.next(); line != null; line = lines.next(), number++) {
                switch (line) {
                    case Line.Unusable(String reason) -> broken.add(new BrokenLine(file, number, reason));
                    case Line.Text(String text) -> {
                        String content = number == 1 && text.startsWith("\uFEFF") ? text.substring(1) : text;
                        if (!content.isBlank()) {
                            add(content, ids, prompts, broken, file, number);
                        }
                    }
                }
            }
        } catch (IOException e) {
            throw new PromptSourceException("cannot read the prompt file " + file + ": " + e, e);
        }
        return new PromptFile(prompts, broken);
    }

    private static void add(
            String content, Set<String> ids, List<Prompt> prompts, List<BrokenLine> broken, Path file, int number) {
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

    private static Prompt parse(String line) {
        JsonNode node = JSON.readTree(line);
        if (!node.isObject()) {
            throw new IllegalArgumentException("not a JSON object");
        }
        String id = required(node, "id");
        if (id.length() > LONGEST_ID) {
            throw new IllegalArgumentException("the id has " + id.length() + " characters, more than " + LONGEST_ID);
        }
        String text = required(node, "text");
        if (text.isBlank()) {
            throw new IllegalArgumentException("the text is empty");
        }
        return new Prompt(
                id,
                Names.label("language", required(node, "language")),
                Names.label("domain", required(node, "domain")),
                text,
                optional(node, "source"),
                attributes(node.path("attributes")));
    }

    private static String required(JsonNode node, String field) {
        JsonNode value = node.path(field);
        if (!value.isString() || value.asString().isEmpty()) {
            throw new IllegalArgumentException("the field '" + field + "' is missing or no text");
        }
        return whole(field, value.asString());
    }

    private static String optional(JsonNode node, String field) {
        JsonNode value = node.path(field);
        if (value.isMissingNode() || value.isNull()) {
            return "";
        }
        if (!value.isString()) {
            throw new IllegalArgumentException("the field '" + field + "' is no text");
        }
        return whole(field, value.asString());
    }

    /** Half a character, which an escape can make, has no UTF-8. */
    private static String whole(String field, String text) {
        if (text.codePoints().anyMatch(point -> point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE)) {
            throw new IllegalArgumentException("the field '" + field + "' has half of a surrogate pair");
        }
        return text;
    }

    private static Map<String, String> attributes(JsonNode node) {
        if (node.isMissingNode() || node.isNull()) {
            return Map.of();
        }
        if (!node.isObject()) {
            throw new IllegalArgumentException("the field 'attributes' is no object");
        }
        Map<String, String> attributes = new HashMap<>();
        node.properties()
                .forEach(entry -> attributes.put(whole("attributes", entry.getKey()), optional(node, entry.getKey())));
        return attributes;
    }
}
