package dev.sparsecast.store;

import dev.sparsecast.store.ArtifactStore.Stored;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Copies artifacts out of a store and checks them on the way. */
public final class VerifiedFetch {
    private VerifiedFetch() {}

    /**
     * Copies an artifact to {@code target}, which must not exist, and syncs it. Never writes more than the expected size.
     *
     * @param expected what the artifact was announced as
     * @throws DamagedArtifactException if it is of another size or digest; {@code target} is then not there
     * @throws StoreException if it cannot be read or written
     */
    public static void fetch(ArtifactStore store, String name, Stored expected, Path target) {
        try {
            Stored fetched;
            try (InputStream in = store.read(name);
                    OutputStream out = Files.newOutputStream(target, StandardOpenOption.CREATE_NEW)) {
                fetched = ContentDigest.copy(in, out, expected.bytes());
            }
            if (!fetched.equals(expected)) {
                Files.delete(target);
                throw damaged(name, expected, fetched);
            }
            Durable.sync(target);
        } catch (IOException e) {
            throw new StoreException("cannot copy the artifact '" + name + "' to " + target + ": " + e, e);
        }
    }

    private static DamagedArtifactException damaged(String name, Stored expected, Stored fetched) {
        String what = "the artifact '" + name + "' is damaged: ";
        if (fetched.bytes() > expected.bytes()) {
            return new DamagedArtifactException(
                    what + "it is longer than the " + expected.bytes() + " bytes that were announced");
        }
        if (fetched.bytes() < expected.bytes()) {
            return new DamagedArtifactException(
                    what + "it has " + fetched.bytes() + " bytes, announced were " + expected.bytes());
        }
        return new DamagedArtifactException(
                what + "its sha256 is " + fetched.sha256() + ", announced was " + expected.sha256());
    }
}
