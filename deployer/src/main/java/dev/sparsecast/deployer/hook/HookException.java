package dev.sparsecast.deployer.hook;

/** A hook objects to a version; the message says why in one sentence. */
public final class HookException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public HookException(String message) {
        super(message);
    }

    public HookException(String message, Throwable cause) {
        super(message, cause);
    }
}
