package dev.sparsecast.deployer.trust;

import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.Artifact;
import dev.sparsecast.schemas.signing.KeyRing;
import dev.sparsecast.schemas.signing.ReleaseManifest;
import dev.sparsecast.schemas.signing.TrustedKeys;
import dev.sparsecast.schemas.signing.VerifyingKey;
import dev.sparsecast.store.ArtifactNames;
import dev.sparsecast.store.StoreException;
import java.util.regex.Pattern;

/**
 * What can be said of a release from its manifest alone, before anything that it names is touched. Whatever is not
 * signed is looked at no further than its signature.
 */
public final class ReleaseCheck {
    private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");
    private static final Pattern DIGEST = Pattern.compile("sha256:[0-9a-f]{64}");
    private static final int LONGEST_MANIFEST = 1 << 20;

    private final TrustedKeys keys;
    private final String baseDigest;
    private final long largestRecipe;
    private final long largestMask;
    private final long largestCheckpoint;

    /**
     * @param keys the keys whose releases are taken; looked at again for every release
     * @param baseDigest digest of the base model on this disk
     * @param largestRecipe most bytes of a recipe
     * @param largestMask most bytes of a mask or a delta
     * @param largestCheckpoint most bytes of a checkpoint
     */
    public ReleaseCheck(
            TrustedKeys keys, String baseDigest, long largestRecipe, long largestMask, long largestCheckpoint) {
        this.keys = keys;
        this.baseDigest = baseDigest;
        this.largestRecipe = largestRecipe;
        this.largestMask = largestMask;
        this.largestCheckpoint = largestCheckpoint;
    }

    /**
     * Checks a release.
     *
     * @throws RefusedException saying what is wrong with it
     */
    public void check(SubModelRelease release) {
        checkSignature(release);
        if (release.version() < 1) {
            throw new RefusedException("the version " + release.version() + " is not a positive number");
        }
        if (!release.baseDigest().equals(baseDigest)) {
            throw new RefusedException(
                    "it is for the base model " + release.baseDigest() + ", but the one here is " + baseDigest);
        }
        if (!DIGEST.matcher(release.recipe().maskDigest()).matches()) {
            throw new RefusedException("its mask digest '" + release.recipe().maskDigest() + "' is none");
        }
        release.artifacts().forEach(this::checkArtifact);
    }

    private void checkSignature(SubModelRelease release) {
        if (release.keyId().isEmpty() || release.signature().hex().isEmpty()) {
            throw new RefusedException("it is not signed");
        }
        KeyRing ring = keys.ring();
        ring.revocation(release.keyId()).ifPresent(revocation -> {
            throw new RefusedException(
                    "it is signed by a key that must not be trusted any more: " + revocation.sentence());
        });
        VerifyingKey key = ring.trusted(release.keyId())
                .orElseThrow(() -> new RefusedException("it is signed by the key '" + shortened(release.keyId())
                        + "', which is not among the trusted ones: " + String.join(", ", ring.trusted())));
        int bytes = ReleaseManifest.canonicalBytes(release).length;
        if (bytes > LONGEST_MANIFEST) {
            throw new RefusedException("its manifest has " + bytes + " bytes, allowed are up to " + LONGEST_MANIFEST);
        }
        if (!verifies(key, release)) {
            throw new RefusedException("its signature does not fit: it was changed after the key " + key.id()
                    + " signed it, or was never signed by it");
        }
    }

    private static boolean verifies(VerifyingKey key, SubModelRelease release) {
        try {
            return key.verifies(release);
        } catch (IllegalArgumentException e) {
            return false; // the signature is not even hexadecimal
        }
    }

    private void checkArtifact(Artifact artifact) {
        String what = "its " + artifact.kind().label() + " artifact";
        try {
            ArtifactNames.check(artifact.uri());
        } catch (StoreException e) {
            throw new RefusedException(what + " has an address that is not one in the store: " + e.getMessage(), e);
        }
        if (!SHA256.matcher(artifact.sha256()).matches()) {
            throw new RefusedException(what + " has the sha256 '" + shortened(artifact.sha256()) + "', which is none");
        }
        long largest = limit(artifact.kind());
        if (artifact.bytes() < 0 || artifact.bytes() > largest) {
            throw new RefusedException(what + " has " + artifact.bytes() + " bytes, allowed are up to " + largest);
        }
    }

    private long limit(SubModelRelease.ArtifactKind kind) {
        return switch (kind) {
            case RECIPE -> largestRecipe;
            case DELTA, MASK -> largestMask;
            case CHECKPOINT -> largestCheckpoint;
        };
    }

    private static String shortened(String text) {
        return text.length() <= 80 ? text : text.substring(0, 80) + "…";
    }
}
