package dev.sparsecast.schemas;

import java.util.Map;

/**
 * One piece of text that was asked of the model.
 *
 * @param source who or what it came from; empty if unknown
 */
public record Prompt(
        String id, String language, String domain, String text, String source, Map<String, String> attributes) {
    public Prompt {
        attributes = Map.copyOf(attributes);
    }
}
