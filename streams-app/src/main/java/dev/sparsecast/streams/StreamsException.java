package dev.sparsecast.streams;

/** What keeps the streams app from running, in one sentence for the user. */
public final class StreamsException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public StreamsException(String message) {
        super(message);
    }

    public StreamsException(String message, Throwable cause) {
        super(message, cause);
    }
}
