package dev.sparsecast.console.view;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a deployer last did with a sub-model.
 *
 * @param seconds from reading the release to its outcome
 * @param secondsFromSnapshot from complete snapshot to outcome; absent if the release is not known
 * @param stages in the order of their names
 */
public record DeploymentView(
        String model,
        String submodel,
        String deployer,
        int version,
        String state,
        String reason,
        String directory,
        String maskDigest,
        Instant finishedAt,
        double seconds,
        @Nullable Double secondsFromSnapshot,
        List<Stage> stages) {
    /** Time spent in one stage. */
    public record Stage(String stage, long millis) {}
}
