package dev.sparsecast.schemas.signing;

import dev.sparsecast.schemas.SubModelCommand;
import dev.sparsecast.schemas.SubModelRelease;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;

/** The Ed25519 key pair (RFC 8032) that signs releases: {@code NAME.key} (PKCS #8, readable by its owner only) and {@code NAME.pub} (X.509). */
public final class SigningKey {
    private final PrivateKey privateKey;
    private final VerifyingKey verifyingKey;

    private SigningKey(PrivateKey privateKey, VerifyingKey verifyingKey) {
        this.privateKey = privateKey;
        this.verifyingKey = verifyingKey;
    }

    /** A new random key. */
    public static SigningKey generate() {
        try {
            KeyPair pair = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
            return new SigningKey(pair.getPrivate(), VerifyingKey.of(pair.getPublic()));
        } catch (GeneralSecurityException e) {
            throw new KeyException("this Java cannot make Ed25519 keys", e);
        }
    }

    /** Reads {@code file} and the public key beside it, whose name ends in {@code .pub} in place of {@code .key}. */
    public static SigningKey read(Path file) {
        byte[] encoded = Pem.read(file, "PRIVATE KEY");
        try {
            PrivateKey key = KeyFactory.getInstance("Ed25519").generatePrivate(new PKCS8EncodedKeySpec(encoded));
            SigningKey pair = new SigningKey(key, VerifyingKey.read(publicFile(file)));
            if (!pair.verifyingKey.verifies(PROBE, pair.sign(PROBE))) {
                throw new KeyException("the key file " + file + " does not belong to " + publicFile(file));
            }
            return pair;
        } catch (GeneralSecurityException e) {
            throw new KeyException("the key file " + file + " holds no Ed25519 private key", e);
        }
    }

    private static final byte[] PROBE = "sparsecast".getBytes(StandardCharsets.US_ASCII);

    /** Writes {@code file} (which must end in {@code .key} and not exist) and the public key beside it. */
    public void write(Path file) {
        try {
            Path parent = file.toAbsolutePath().getParent();
            if (parent != null) {
                Files.createDirectories(parent);
            }
            Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            Files.writeString(file, Pem.write("PRIVATE KEY", privateKey.getEncoded()), StandardOpenOption.WRITE);
            Files.writeString(publicFile(file), verifyingKey.pem());
        } catch (IOException e) {
            throw new KeyException("cannot write the key file " + file + ": " + e, e);
        }
    }

    private static Path publicFile(Path file) {
        String name = String.valueOf(file.getFileName());
        if (!name.endsWith(".key")) {
            throw new KeyException("the key file " + file + " must have a name that ends in .key");
        }
        return file.resolveSibling(name.substring(0, name.length() - ".key".length()) + ".pub");
    }

    /** The public half. */
    public VerifyingKey verifyingKey() {
        return verifyingKey;
    }

    /** The release with this key's signature over its canonical manifest. */
    public SubModelRelease sign(SubModelRelease release) {
        byte[] signature = sign(ReleaseManifest.canonicalBytes(release));
        return release.signed(verifyingKey.id(), SubModelRelease.Signature.of(signature));
    }

    /** The command with this key's signature over its canonical text. */
    public SubModelCommand sign(SubModelCommand command) {
        byte[] signature = sign(CommandText.canonicalBytes(command));
        return command.signed(verifyingKey.id(), SubModelRelease.Signature.of(signature));
    }

    private byte[] sign(byte[] message) {
        try {
            Signature signer = Signature.getInstance("Ed25519");
            signer.initSign(privateKey);
            signer.update(message);
            return signer.sign();
        } catch (GeneralSecurityException e) {
            throw new KeyException("cannot sign with the key " + verifyingKey.id(), e);
        }
    }
}
