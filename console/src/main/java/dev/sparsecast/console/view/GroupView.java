package dev.sparsecast.console.view;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One group.
 *
 * @param key {@code model/language/domain}
 * @param revision grows whenever the group's {@link GroupDetail} changes
 * @param layers decoder blocks of the model; 0 before the first statistics
 * @param equalLayers how many layers contain exactly the same flushes as the furthest one
 * @param complete whether all do: only then can a snapshot be taken
 * @param drift latest drift; absent before the first report
 */
public record GroupView(
        String key,
        String model,
        String language,
        String domain,
        long revision,
        int layers,
        int equalLayers,
        boolean complete,
        long epoch,
        double tokens,
        double prompts,
        long flushes,
        long distinctSources,
        @Nullable Instant lastFlushAt,
        @Nullable DriftView drift) {
    /**
     * The latest drift report.
     *
     * @param reference release compared with, such as {@code python v2}; empty if there is none
     * @param recent the last effects as multiples of their thresholds, oldest first
     */
    public record DriftView(
            String state,
            long epoch,
            @Nullable Double effect,
            @Nullable Double noiseFloor,
            @Nullable Double threshold,
            long windowTokens,
            String reference,
            List<Double> recent) {}
}
