package dev.sparsecast.producers;

/** Prompts that cannot be read or sent; the message says which and what to do. */
public final class PromptSourceException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public PromptSourceException(String message) {
        super(message);
    }

    public PromptSourceException(String message, Throwable cause) {
        super(message, cause);
    }
}
