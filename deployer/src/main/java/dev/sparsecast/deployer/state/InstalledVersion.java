package dev.sparsecast.deployer.state;

import dev.sparsecast.schemas.SubModelDeployment;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.ArtifactKind;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * What {@code versions/<version>.json} says of the checkpoint beside it, which is complete when this file is there.
 *
 * @param releaseDigest digest of the release's manifest, {@code sha256:…}
 * @param maskDigest digest of the mask, {@code sha256:…}
 * @param kind what it was made from
 * @param receivedAt when the release was read from the topic
 * @param stageMillis milliseconds by stage up to its completion
 * @param deployment how it was deployed; empty until it was probed
 * @param keyId the key that signed the release; empty if an older program installed it
 */
public record InstalledVersion(
        int version,
        String releaseDigest,
        String maskDigest,
        ArtifactKind kind,
        Instant receivedAt,
        Map<String, Long> stageMillis,
        Optional<SubModelDeployment> deployment,
        String keyId) {
    public InstalledVersion {
        keyId = Objects.requireNonNullElse(keyId, "");
        stageMillis = Map.copyOf(stageMillis);
    }

    /** A version that is complete but not in use yet. */
    public static InstalledVersion complete(
            SubModelRelease release,
            String releaseDigest,
            ArtifactKind kind,
            Instant receivedAt,
            Map<String, Long> stageMillis) {
        return new InstalledVersion(
                release.version(),
                releaseDigest,
                release.recipe().maskDigest(),
                kind,
                receivedAt,
                stageMillis,
                Optional.empty(),
                release.keyId());
    }

    /** The same version, probed and in use. */
    public InstalledVersion deployed(SubModelDeployment how) {
        return new InstalledVersion(
                version, releaseDigest, maskDigest, kind, receivedAt, stageMillis, Optional.of(how), keyId);
    }
}
