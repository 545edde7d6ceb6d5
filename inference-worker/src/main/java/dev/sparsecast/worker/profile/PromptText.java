package dev.sparsecast.worker.profile;

/** One prompt, as the offline commands need it. */
public record PromptText(String id, String language, String domain, String text) {}
