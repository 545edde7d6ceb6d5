package dev.sparsecast.streams.deadletters;

/** A record that could be read but makes no sense, in one sentence. Thrown before any state is touched. */
public final class NonsenseException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public NonsenseException(String message) {
        super(message);
    }

    public NonsenseException(String message, Throwable cause) {
        super(message, cause);
    }
}
