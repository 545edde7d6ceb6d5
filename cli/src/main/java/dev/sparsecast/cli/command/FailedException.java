package dev.sparsecast.cli.command;

/** The command was used rightly and could not do its work; the message is one sentence that says why and what to do. */
public final class FailedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public FailedException(String message) {
        super(message);
    }

    public FailedException(String message, Throwable cause) {
        super(message, cause);
    }
}
