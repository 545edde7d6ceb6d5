package dev.sparsecast.store;

/** What the store holds under a name is not what was announced: of another size, another digest, or malformed. Trying again does not help. */
public final class DamagedArtifactException extends StoreException {
    private static final long serialVersionUID = 1L;

    public DamagedArtifactException(String message) {
        super(message);
    }
}
