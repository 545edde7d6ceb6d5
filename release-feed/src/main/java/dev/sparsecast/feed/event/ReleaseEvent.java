package dev.sparsecast.feed.event;

import dev.sparsecast.schemas.SubModelKey;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.signing.ReleaseManifest;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.json.JsonMapper;

/**
 * Something that happened to a sub-model.
 *
 * @param release the release that was made; empty if the record of the sub-model was removed
 * @param json the event as one line, which says the same everywhere and for ever
 */
public record ReleaseEvent(EventId id, SubModelKey key, Optional<SubModelRelease> release, String json) {
    private static final JsonMapper JSON = JsonMapper.shared();

    /** A release was made. */
    public static ReleaseEvent released(EventId id, SubModelRelease release) {
        Map<String, Object> content = head(id, "release", release.key());
        content.put("version", release.version());
        content.put("released_at", release.releasedAt().toEpochMilli());
        // as a string, since its very bytes are signed
        content.put("manifest", new String(ReleaseManifest.canonicalBytes(release), StandardCharsets.UTF_8));
        content.put("key_id", release.keyId());
        content.put("signature", release.signature().hex());
        return new ReleaseEvent(id, release.key(), Optional.of(release), JSON.writeValueAsString(content));
    }

    /** The record of a sub-model was removed. */
    public static ReleaseEvent removed(EventId id, SubModelKey key) {
        return new ReleaseEvent(id, key, Optional.empty(), JSON.writeValueAsString(head(id, "removed", key)));
    }

    private static Map<String, Object> head(EventId id, String type, SubModelKey key) {
        Map<String, Object> content = new LinkedHashMap<>();
        content.put("id", id.toString());
        content.put("type", type);
        content.put("model", key.model());
        content.put("submodel", key.submodel());
        return content;
    }

    /** {@code release} or {@code removed}. */
    public String type() {
        return release.isPresent() ? "release" : "removed";
    }

    /** The artifacts that it names. */
    public List<SubModelRelease.Artifact> artifacts() {
        return release.map(SubModelRelease::artifacts).orElse(List.of());
    }
}
