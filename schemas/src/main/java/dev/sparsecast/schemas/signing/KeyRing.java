package dev.sparsecast.schemas.signing;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The keys that somebody knows at one moment, and which of them were revoked. Several may be trusted at once, so that a new
 * key can take over from an old one.
 */
public final class KeyRing {
    private final Map<String, VerifyingKey> keys = new TreeMap<>();
    private final Map<String, Revocation> revocations = new TreeMap<>();

    KeyRing(Collection<VerifyingKey> keys, Collection<Revocation> revocations) {
        keys.forEach(key -> this.keys.put(key.id(), key));
        revocations.forEach(revocation -> this.revocations.put(revocation.keyId(), revocation));
    }

    /** The key of an id, if it is known and was not revoked. */
    public Optional<VerifyingKey> trusted(String id) {
        return Optional.ofNullable(keys.get(id)).filter(key -> !revocations.containsKey(id));
    }

    /** That a key was revoked, if it was, whether the key itself is here or not. */
    public Optional<Revocation> revocation(String id) {
        return Optional.ofNullable(revocations.get(id));
    }

    /** Ids of the keys that are known and were not revoked, in order. */
    public List<String> trusted() {
        return keys.keySet().stream().filter(id -> !revocations.containsKey(id)).toList();
    }

    /** The keys that are known and were not revoked, in the order of their ids. */
    public List<VerifyingKey> keys() {
        return keys.values().stream()
                .filter(key -> !revocations.containsKey(key.id()))
                .toList();
    }

    /** All that were revoked, in the order of their ids. */
    public List<Revocation> revocations() {
        return List.copyOf(revocations.values());
    }
}
