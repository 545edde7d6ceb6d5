package dev.sparsecast.checkpoint;

import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** JSON objects of checkpoints; a key given twice or text after the end is an error, so no two readers see different things. */
final class StrictJson {
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private StrictJson() {}

    /**
     * Parses a text.
     *
     * @throws JacksonException if it is not JSON, or a key occurs twice
     */
    static JsonNode read(String text) {
        return MAPPER.readTree(text);
    }

    /** A value as compact JSON. */
    static String write(Object value) {
        return MAPPER.writeValueAsString(value);
    }

    /** The parser's complaint on one line. */
    static String reason(JacksonException e) {
        String message = e.getOriginalMessage();
        return message == null ? "unreadable" : message.lines().findFirst().orElse("unreadable");
    }
}
