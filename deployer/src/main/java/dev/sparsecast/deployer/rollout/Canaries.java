package dev.sparsecast.deployer.rollout;

import dev.sparsecast.schemas.StableHash;
import dev.sparsecast.schemas.SubModelRelease;

/**
 * Which deployers take a release first: those whose place is below the release's canary share. The place of a deployer is a
 * hash of its name and the release, so everybody comes to the same answer without asking anybody, and it is not always the
 * same deployers that go first.
 */
public final class Canaries {
    private static final double STEPS = 0x1p53;

    private Canaries() {}

    /** Whether a deployer is among the first to take a release. */
    public static boolean includes(SubModelRelease release, String deployer) {
        return place(release, deployer) < release.rollout().canaryShare();
    }

    /** From 0 to below 1, evenly spread over deployers and over releases. */
    static double place(SubModelRelease release, String deployer) {
        return (StableHash.of(release.key() + "/" + release.version() + "/" + deployer) >>> 11) / STEPS;
    }
}
