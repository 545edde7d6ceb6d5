package dev.sparsecast.pruner.retention;

import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.ArtifactKind;
import dev.sparsecast.schemas.signing.ReleaseManifest;
import dev.sparsecast.store.ArtifactStore;
import dev.sparsecast.store.StoreException;
import java.io.IOException;
import java.io.InputStream;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a manifest says of other versions of its sub-model.
 *
 * @param parent the version that its delta starts from; empty if it has no delta
 * @param restores the version whose mask it has again
 * @param artifacts names of its artifacts in the store
 */
record StoredManifest(int version, OptionalInt parent, OptionalInt restores, Set<String> artifacts) {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final int LONGEST = 1 << 20;

    static StoredManifest of(SubModelRelease release) {
        return parse(ReleaseManifest.canonicalBytes(release));
    }

    /** The manifest of a version in the store; empty if there is none that can be read. */
    static Optional<StoredManifest> read(ArtifactStore store, String name) {
        if (!store.exists(name)) {
            return Optional.empty();
        }
        try (InputStream in = store.read(name)) {
            return Optional.of(parse(in.readNBytes(LONGEST)));
        } catch (JacksonException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw new StoreException("cannot read the manifest '" + name + "': " + e, e);
        }
    }

    private static StoredManifest parse(byte[] json) {
        JsonNode manifest = JSON.readTree(json);
        Set<String> artifacts = new LinkedHashSet<>();
        boolean hasDelta = false;
        for (JsonNode artifact : manifest.path("artifacts")) {
            artifacts.add(artifact.path("uri").asString(""));
            hasDelta |= artifact.path("kind").asString("").equals(ArtifactKind.DELTA.label());
        }
        return new StoredManifest(
                manifest.path("version").asInt(0),
                hasDelta ? number(manifest.path("parent")) : OptionalInt.empty(),
                number(manifest.path("rollout").path("restores")),
                artifacts);
    }

    private static OptionalInt number(JsonNode node) {
        return node.isInt() ? OptionalInt.of(node.asInt()) : OptionalInt.empty();
    }
}
