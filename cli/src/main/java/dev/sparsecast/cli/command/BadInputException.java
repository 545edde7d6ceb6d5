package dev.sparsecast.cli.command;

/** The command line or a file it names cannot be used; the message is one sentence that says what is wrong and what to do. */
public final class BadInputException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public BadInputException(String message) {
        super(message);
    }

    public BadInputException(String message, Throwable cause) {
        super(message, cause);
    }
}
