package dev.sparsecast.deployer.state;

import dev.sparsecast.schemas.SubModelDeployment;

/**
 * A release that was tried and is not tried again.
 *
 * @param releaseDigest digest of the release's manifest, {@code sha256:…}
 * @param deployment what was said of it
 */
public record Rejection(String releaseDigest, SubModelDeployment deployment) {}
