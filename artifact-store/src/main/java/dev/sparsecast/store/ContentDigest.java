package dev.sparsecast.store;

import dev.sparsecast.store.ArtifactStore.Stored;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Size and SHA-256 of files and streams. */
public final class ContentDigest {
    private static final int CHUNK = 1 << 16;

    private ContentDigest() {}

    /**
     * Size and digest of a file.
     *
     * @throws StoreException if it cannot be read
     */
    public static Stored of(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            return copy(in, OutputStream.nullOutputStream(), Long.MAX_VALUE);
        } catch (IOException e) {
            throw new StoreException("cannot read " + file + ": " + e, e);
        }
    }

    /** Size and digest of some bytes. */
    public static Stored of(byte[] bytes) {
        return new Stored(bytes.length, HexFormat.of().formatHex(sha256().digest(bytes)));
    }

    /**
     * Copies a stream and returns what was copied. Stops as soon as more than {@code limit} bytes have been read, so the
     * size returned is then greater than {@code limit}, and what was written is at most that.
     */
    static Stored copy(InputStream in, OutputStream out, long limit) throws IOException {
        MessageDigest digest = sha256();
        byte[] chunk = new byte[CHUNK];
        long bytes = 0;
        int read = in.read(chunk);
        while (read >= 0) {
            bytes += read;
            if (bytes > limit) {
                break;
            }
            digest.update(chunk, 0, read);
            out.write(chunk, 0, read);
            read = in.read(chunk);
        }
        return new Stored(bytes, HexFormat.of().formatHex(digest.digest()));
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
