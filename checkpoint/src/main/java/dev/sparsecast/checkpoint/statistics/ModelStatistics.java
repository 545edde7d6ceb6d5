package dev.sparsecast.checkpoint.statistics;

import dev.sparsecast.checkpoint.Tap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Activation statistics of a whole model for one group or a mixture of groups.
 *
 * @param tokens tokens that the sums are over; fractional after decay or weighting
 * @param prompts prompts that the tokens came from
 * @param language language, or {@code mixed}
 * @param domain domain, or {@code mixed}
 * @param modelDigest digest of the base checkpoint ({@code sha256:…}) if known
 * @param layers per decoder block the sums of its four taps
 */
public record ModelStatistics(
        double tokens,
        double prompts,
        String language,
        String domain,
        Optional<String> modelDigest,
        List<Map<Tap, TapSums>> layers) {}
