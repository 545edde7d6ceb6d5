package dev.sparsecast.schemas.signing;

import dev.sparsecast.schemas.SubModelCommand;
import dev.sparsecast.schemas.SubModelRelease;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.spec.X509EncodedKeySpec;
import java.util.HexFormat;

/** An Ed25519 public key that releases are checked with. */
public final class VerifyingKey {
    private final PublicKey key;
    private final String id;

    private VerifyingKey(PublicKey key, String id) {
        this.key = key;
        this.id = id;
    }

    static VerifyingKey of(PublicKey key) throws GeneralSecurityException {
        byte[] hash = MessageDigest.getInstance("SHA-256").digest(key.getEncoded());
        return new VerifyingKey(key, HexFormat.of().formatHex(hash, 0, 8));
    }

    /** Reads a public key file (PEM, X.509). */
    public static VerifyingKey read(Path file) {
        byte[] encoded = Pem.read(file, "PUBLIC KEY");
        try {
            return of(KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(encoded)));
        } catch (GeneralSecurityException e) {
            throw new KeyException("the key file " + file + " holds no Ed25519 public key", e);
        }
    }

    /** First 16 hex digits of the SHA-256 of the key's X.509 form. */
    public String id() {
        return id;
    }

    String pem() {
        return Pem.write("PUBLIC KEY", key.getEncoded());
    }

    /** Whether this key signed the release as it stands. */
    public boolean verifies(SubModelRelease release) {
        return release.keyId().equals(id)
                && verifies(
                        ReleaseManifest.canonicalBytes(release),
                        release.signature().bytes());
    }

    /** Whether this key signed the command as it stands. */
    public boolean verifies(SubModelCommand command) {
        return command.keyId().equals(id)
                && verifies(
                        CommandText.canonicalBytes(command), command.signature().bytes());
    }

    boolean verifies(byte[] message, byte[] signature) {
        try {
            Signature verifier = Signature.getInstance("Ed25519");
            verifier.initVerify(key);
            verifier.update(message);
            return verifier.verify(signature);
        } catch (SignatureException e) {
            return false;
        } catch (GeneralSecurityException e) {
            throw new KeyException("this Java cannot check Ed25519 signatures", e);
        }
    }
}
