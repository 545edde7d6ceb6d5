package dev.sparsecast.worker.device;

/** The engine could not do what a script says, for want of memory or of an operation. */
public final class ScriptException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ScriptException(String message, Throwable cause) {
        super(message, cause);
    }
}
