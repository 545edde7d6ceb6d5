package dev.sparsecast.store;

import java.net.URI;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Opens the artifact store that a URI names. */
public final class ArtifactStores {
    private static final Pattern SCHEME = Pattern.compile("([A-Za-z][A-Za-z0-9+.-]+):.*", Pattern.DOTALL);
    private static final String SUPPORTED =
            "give a directory, as a path or as a file: URI, or a bucket as s3://BUCKET/PREFIX";

    private ArtifactStores() {}

    /**
     * Opens a store.
     *
     * @param uri the path of a directory or a {@code file:} URI, where the directory is made if it is not there; or
     *     {@code s3://bucket/prefix}, see {@link S3Store}
     * @throws StoreException if it cannot be opened; other schemes are refused by name
     */
    public static ArtifactStore open(String uri) {
        if (uri.isBlank()) {
            throw new StoreException("the artifact store has no address: " + SUPPORTED);
        }
        Matcher scheme = SCHEME.matcher(uri);
        if (!scheme.matches()) {
            return DirectoryStore.open(Path.of(uri));
        }
        if (scheme.group(1).equalsIgnoreCase("s3")) {
            return S3Store.open(uri);
        }
        if (!scheme.group(1).equalsIgnoreCase("file")) {
            throw new StoreException("the artifact store '" + uri + "' has the scheme '" + scheme.group(1)
                    + "', which is not supported: " + SUPPORTED);
        }
        return DirectoryStore.open(path(uri));
    }

    private static Path path(String uri) {
        try {
            return Path.of(URI.create(uri));
        } catch (IllegalArgumentException e) {
            throw new StoreException(
                    "the artifact store '" + uri + "' is not a file URI of an absolute path such as file:///srv/store ("
                            + e.getMessage() + ")",
                    e);
        }
    }
}
