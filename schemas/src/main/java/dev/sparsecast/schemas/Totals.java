package dev.sparsecast.schemas;

import java.util.List;

/**
 * Sums of one decoder block over tokens.
 *
 * @param tokens tokens summed over: whole in lifetime totals (exact up to 2^53), fractional in decayed ones
 * @param prompts prompts that they came from, likewise
 */
public record Totals(double tokens, double prompts, List<TapTotals> taps) {
    public Totals {
        taps = List.copyOf(taps);
    }
}
