package dev.sparsecast.cli.releases;

/** Releases, decisions or commands that are not there or cannot be reached; the message is a sentence that says why. */
public final class ReleasesException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public ReleasesException(String message) {
        super(message);
    }

    public ReleasesException(String message, Throwable cause) {
        super(message, cause);
    }
}
