package dev.sparsecast.feed;

/** Why the feed cannot start or go on; the message is one sentence that says what to do. */
public final class FeedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public FeedException(String message) {
        super(message);
    }

    public FeedException(String message, Throwable cause) {
        super(message, cause);
    }
}
