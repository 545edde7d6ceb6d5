package dev.sparsecast.console.view;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One release.
 *
 * @param mixture the groups that it was made from, such as {@code python/code}
 * @param current perplexity of the release before, on the same held-out prompts; absent for the first
 * @param recipeBytes size of the recipe; absent if the release has none
 * @param maskDigest digest of the mask
 * @param secondsToRelease from complete snapshot to announced release
 * @param deployers how many deployers run it now
 */
public record ReleaseView(
        String model,
        String submodel,
        int version,
        @Nullable Integer parent,
        String trigger,
        List<String> mixture,
        long tokens,
        long prompts,
        String method,
        String pattern,
        double sparsity,
        long heldOutPrompts,
        @Nullable Double dense,
        @Nullable Double candidate,
        @Nullable Double current,
        @Nullable Long recipeBytes,
        List<String> kinds,
        String maskDigest,
        String keyId,
        Instant releasedAt,
        double secondsToRelease,
        int deployers) {}
