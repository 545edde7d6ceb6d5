package dev.sparsecast.cli.stack;

/** The embedded stack cannot run; the message is one sentence that says why and what to do. */
public final class StackException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Whether the user asked for something that cannot be had (a port in use, a directory in use), or whether it failed by itself. */
    public enum Reason {
        BAD_INPUT,
        FAILED
    }

    private final Reason reason;

    public StackException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    public StackException(Reason reason, String message, Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }
}
