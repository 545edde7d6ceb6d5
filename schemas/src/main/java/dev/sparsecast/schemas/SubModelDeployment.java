package dev.sparsecast.schemas;

import java.time.Instant;
import java.util.Map;

/**
 * What a deployer did with a release.
 *
 * @param reason why it was refused or rolled back, or what else there is to know of a deployed one; mostly empty for those
 * @param directory where the checkpoint is; empty if there is none
 * @param maskDigest digest of the mask that was installed; empty if there is none
 * @param receivedAt when the release was read from the topic
 * @param finishedAt when {@code current} was switched, or the release refused
 * @param stageMillis milliseconds by stage
 */
public record SubModelDeployment(
        String model,
        String submodel,
        String deployer,
        int version,
        State state,
        String reason,
        String directory,
        String maskDigest,
        Instant receivedAt,
        Instant finishedAt,
        Map<String, Long> stageMillis) {
    public SubModelDeployment {
        stageMillis = Map.copyOf(stageMillis);
    }

    /** The record's key. */
    public String key() {
        return new SubModelKey(model, submodel).deployment(deployer);
    }

    /** The same with another reason. */
    public SubModelDeployment withReason(String other) {
        return new SubModelDeployment(
                model,
                submodel,
                deployer,
                version,
                state,
                other,
                directory,
                maskDigest,
                receivedAt,
                finishedAt,
                stageMillis);
    }

    /** Outcome. */
    public enum State {
        DEPLOYED,
        REFUSED,
        ROLLED_BACK,
        /** Written by a newer version of Sparsecast. */
        UNKNOWN
    }
}
