package dev.sparsecast.pruner.release;

import dev.sparsecast.schemas.SubModelKey;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.ArtifactKind;
import dev.sparsecast.schemas.SubModelRelease.Signature;
import dev.sparsecast.schemas.signing.ReleaseManifest;
import dev.sparsecast.schemas.signing.VerifyingKey;
import dev.sparsecast.store.ArtifactStore;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The versions of sub-models that the store has: the topic keeps the newest only. A version counts if its manifest is one
 * of that version and was signed with a trusted key. What lies in the store above the newest announced version was never
 * announced.
 */
public final class ReleaseHistory {
    private static final Logger log = LoggerFactory.getLogger(ReleaseHistory.class);
    private static final String MANIFEST = "manifest.json";
    private static final String SIGNATURE = "manifest.sig";
    private static final int LONGEST_MANIFEST = 16 << 20;

    private final ArtifactStore store;
    private final List<VerifyingKey> trusted;

    public ReleaseHistory(ArtifactStore store, Collection<VerifyingKey> trusted) {
        this.store = store;
        this.trusted = List.copyOf(trusted);
    }

    /** A version, if the store has it and it can be trusted. */
    public Optional<SubModelRelease> release(SubModelKey submodel, int version) {
        String prefix = prefix(submodel) + version + "/";
        if (!store.exists(prefix + MANIFEST) || !store.exists(prefix + SIGNATURE)) {
            return Optional.empty();
        }
        try {
            SubModelRelease read = ReleaseManifest.read(bytes(prefix + MANIFEST));
            if (!read.key().equals(submodel) || read.version() != version) {
                throw new IllegalArgumentException(
                        "the manifest is that of version " + read.version() + " of " + read.key());
            }
            Signature signature = Signature.of(bytes(prefix + SIGNATURE));
            return Optional.of(trusted.stream()
                    .map(key -> read.signed(key.id(), signature))
                    .filter(this::isTrusted)
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("no trusted key signed the manifest")));
        } catch (IllegalArgumentException e) {
            log.atWarn()
                    .addKeyValue("submodel", submodel.submodel())
                    .addKeyValue("version", version)
                    .addKeyValue("reason", e.getMessage())
                    .log("Passed over a version in the store");
            return Optional.empty();
        }
    }

    /** All versions up to one, newest first. */
    public List<SubModelRelease> upTo(SubModelKey submodel, int newest) {
        List<SubModelRelease> releases = new ArrayList<>();
        versions(submodel).stream()
                .filter(version -> version <= newest)
                .map(version -> release(submodel, version))
                .forEach(release -> release.ifPresent(releases::add));
        return releases;
    }

    /** Whether the store has all that a release refers to, but differences from a parent. */
    public boolean hasArtifacts(SubModelRelease release) {
        return release.artifacts().stream()
                .filter(artifact -> artifact.kind() != ArtifactKind.DELTA)
                .allMatch(artifact -> artifact.kind() == ArtifactKind.CHECKPOINT
                        ? !store.list(artifact.uri() + "/").isEmpty()
                        : store.exists(artifact.uri()));
    }

    private boolean isTrusted(SubModelRelease release) {
        return trusted.stream().anyMatch(key -> key.verifies(release));
    }

    private List<Integer> versions(SubModelKey submodel) {
        String prefix = prefix(submodel);
        return store.list(prefix).stream()
                .map(name -> name.substring(prefix.length()).split("/", 2))
                .filter(parts -> parts.length == 2 && parts[1].equals(MANIFEST) && parts[0].matches("[1-9][0-9]{0,8}"))
                .map(parts -> Integer.valueOf(parts[0]))
                .sorted((one, other) -> Integer.compare(other, one))
                .toList();
    }

    private static String prefix(SubModelKey submodel) {
        return submodel + "/";
    }

    private byte[] bytes(String name) {
        try (InputStream in = store.read(name)) {
            byte[] bytes = in.readNBytes(LONGEST_MANIFEST + 1);
            return bytes.length > LONGEST_MANIFEST ? Arrays.copyOf(bytes, 0) : bytes;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the artifact '" + name + "'", e);
        }
    }
}
