package dev.sparsecast.streams.statistics;

import dev.sparsecast.schemas.ActivationNorms;
import dev.sparsecast.schemas.LayerKey;
import dev.sparsecast.schemas.TapNorms;
import dev.sparsecast.streams.deadletters.NonsenseException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Whether norms make sense by themselves and beside those that came before. Every failure is a {@link NonsenseException}. */
final class NormsCheck {
    /** How far a flush may lie ahead of its record's timestamp: a wild clock must not close every epoch to come. */
    private static final Duration AHEAD = Duration.ofHours(1);

    private NormsCheck() {}

    /** The norms, if key and value make sense. */
    static ActivationNorms check(@Nullable String key, @Nullable ActivationNorms norms) {
        LayerKey parsed = parse(key);
        if (norms == null) {
            throw new NonsenseException("the norms of " + key + " are empty");
        }
        require(!norms.flushId().isEmpty(), key, "name no flush");
        require(norms.layers() > parsed.layer(), key, "are of a model with only " + norms.layers() + " layers");
        require(norms.tokens() > 0, key, "count " + norms.tokens() + " tokens");
        require(norms.prompts() >= 0, key, "count " + norms.prompts() + " prompts");
        require(norms.distinctSources() >= 0, key, "count " + norms.distinctSources() + " sources");
        require(norms.flushedAt().toEpochMilli() >= 0, key, "were flushed at " + norms.flushedAt());
        require(!norms.taps().isEmpty(), key, "have no taps");
        Set<String> seen = new HashSet<>();
        for (TapNorms tap : norms.taps()) {
            require(seen.add(tap.tap()), key, "have the tap '" + tap.tap() + "' twice");
            require(tap.channels() > 0, key, "have the tap '" + tap.tap() + "' without channels");
            requireNoNegative(key, tap);
        }
        return norms;
    }

    /** Refuses norms that claim to come from the future, as seen from their record's timestamp. */
    static void checkInstant(String key, ActivationNorms norms, long recordMillis) {
        require(
                norms.flushedAt().toEpochMilli() - recordMillis <= AHEAD.toMillis(),
                key,
                "were flushed at " + norms.flushedAt() + ", more than an hour after their record's timestamp of "
                        + Instant.ofEpochMilli(recordMillis));
    }

    /** Refuses norms that differ in shape from what is kept. */
    static void checkShape(String key, Shape kept, Shape found) {
        require(found.equals(kept), key, "have the shape [" + found + "], but those before had [" + kept + "]");
    }

    private static LayerKey parse(@Nullable String key) {
        if (key == null) {
            throw new NonsenseException("norms without a key belong to no group");
        }
        try {
            return LayerKey.parse(key);
        } catch (IllegalArgumentException e) {
            throw new NonsenseException(String.valueOf(e.getMessage()), e);
        }
    }

    private static void requireNoNegative(@Nullable String key, TapNorms tap) {
        // a loop without a branch, which the compiler turns into vectors
        int negative = 0;
        for (float square : tap.sumSquares()) {
            negative |= Float.floatToRawIntBits(square + 0f); // minus zero is none
        }
        require(negative >= 0, key, "have a negative sum of squares in tap '" + tap.tap() + "'");
    }

    private static void require(boolean holds, @Nullable String key, String what) {
        if (!holds) {
            throw new NonsenseException("the norms of " + key + " " + what);
        }
    }
}
