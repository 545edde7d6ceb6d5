package dev.sparsecast.deployer.state;

/** The state directory cannot be used or written; the message is one sentence that says what to do. */
public final class StateException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public StateException(String message) {
        super(message);
    }

    public StateException(String message, Throwable cause) {
        super(message, cause);
    }
}
