package dev.sparsecast.worker.profile;

/**
 * What statistics of one model are kept apart by.
 *
 * @param language such as {@code python}, or a natural language's code
 * @param domain such as {@code code} or {@code math}
 */
public record PromptGroup(String language, String domain) {}
