package dev.sparsecast.streams;

import dev.sparsecast.streams.drift.DriftSettings;
import dev.sparsecast.streams.statistics.EpochSettings;

/**
 * What the topology does. All instances of one streams app must have the same.
 *
 * @param epochs when statistics move forward
 * @param drift when recent activations count as drifted
 */
public record StreamsSettings(EpochSettings epochs, DriftSettings drift) {
    /** For production. */
    public static StreamsSettings defaults() {
        return new StreamsSettings(EpochSettings.defaults(), DriftSettings.defaults());
    }
}
