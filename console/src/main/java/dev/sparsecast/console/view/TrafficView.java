package dev.sparsecast.console.view;

import java.util.List;

/**
 * The prompts.
 *
 * @param prompts all prompts
 * @param heldOut those of them that are never counted into statistics
 * @param perSecond prompts a second, of late
 * @param from epoch seconds at which each language's first step begins
 * @param step seconds of a step
 */
public record TrafficView(
        long prompts, long heldOut, double perSecond, double from, double step, List<LanguageTraffic> languages) {
    /**
     * The prompts of one language.
     *
     * @param series prompts a second, one value a step, oldest first
     */
    public record LanguageTraffic(String language, long prompts, long heldOut, double perSecond, List<Double> series) {}
}
