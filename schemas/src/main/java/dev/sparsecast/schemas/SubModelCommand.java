package dev.sparsecast.schemas;

import dev.sparsecast.schemas.SubModelRelease.Signature;
import java.time.Instant;
import java.util.Locale;
import java.util.OptionalInt;

/**
 * What somebody asks a pruner to do about a sub-model. It stands in its topic until it was acted on, which happens once;
 * a pause until it is over.
 *
 * @param id unique, without a slash
 * @param version what to pin or revoke; empty for other actions
 * @param newest the newest version when the command was given, 0 for none: a signed command that is played again later
 *     is out of date by it
 * @param issuer who gave it, for people
 * @param reason why, for people; may be empty
 * @param keyId which key signed it; empty if none did
 * @param signature Ed25519 over {@link dev.sparsecast.schemas.signing.CommandText#canonicalBytes}
 */
public record SubModelCommand(
        String id,
        String model,
        String submodel,
        Action action,
        OptionalInt version,
        int newest,
        String issuer,
        String reason,
        Instant issuedAt,
        String keyId,
        Signature signature) {
    public SubModelCommand {
        if (id.isEmpty() || id.contains("/")) {
            throw new IllegalArgumentException("the id '" + id + "' of a command must be there and have no slash");
        }
        if (version.isPresent() != action.isOfAVersion()) {
            throw new IllegalArgumentException("the command '" + action.label()
                    + (version.isPresent() ? "' takes no version" : "' needs a version"));
        }
    }

    public SubModelKey key() {
        return new SubModelKey(model, submodel);
    }

    /** The same command with another signature. */
    public SubModelCommand signed(String newKeyId, Signature newSignature) {
        return new SubModelCommand(
                id, model, submodel, action, version, newest, issuer, reason, issuedAt, newKeyId, newSignature);
    }

    /** What to do. */
    public enum Action {
        /** Make a release as soon as the minima and the rate limit allow it. */
        REFRESH,
        /** Make no more releases until it is resumed. */
        PAUSE,
        /** End a pause. */
        RESUME,
        /** Go to a version and stay there. */
        PIN,
        /** End that. */
        UNPIN,
        /** Withdraw a version. */
        REVOKE;

        /** The name in records and on the command line, such as {@code refresh}. */
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }

        /** Whether it says which version. */
        public boolean isOfAVersion() {
            return this == PIN || this == REVOKE;
        }

        /** Whether only the holder of the signing key may ask for it: what changes what deployers run. */
        public boolean mustBeSigned() {
            return this == PIN || this == UNPIN || this == REVOKE;
        }
    }
}
