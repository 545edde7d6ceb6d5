package dev.sparsecast.console.view;

import java.time.Instant;

/**
 * Something worth a line in the story.
 *
 * @param kind {@code release}, {@code deployment}, {@code drift} or {@code trouble}
 * @param subject sub-model or group
 */
public record EventView(Instant at, String kind, String subject, String text) {}
