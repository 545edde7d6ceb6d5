package dev.sparsecast.deployer.trust;

import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.signing.ReleaseManifest;
import dev.sparsecast.store.ContentDigest;

/** The identity of what a release says, whoever signed it. */
public final class ReleaseDigest {
    private ReleaseDigest() {}

    /** {@code sha256:…} of the canonical manifest. */
    public static String of(SubModelRelease release) {
        return "sha256:"
                + ContentDigest.of(ReleaseManifest.canonicalBytes(release)).sha256();
    }
}
