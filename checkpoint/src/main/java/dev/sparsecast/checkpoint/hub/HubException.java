package dev.sparsecast.checkpoint.hub;

import org.jspecify.annotations.Nullable;

/** A hub that could not be reached or did not deliver; the message is one sentence that says what to do. */
public final class HubException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public HubException(String message) {
        super(message);
    }

    public HubException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
