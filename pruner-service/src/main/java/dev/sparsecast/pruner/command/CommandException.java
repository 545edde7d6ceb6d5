package dev.sparsecast.pruner.command;

/** A command that could not be given; the message says why. */
public final class CommandException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public CommandException(String message, Throwable cause) {
        super(message, cause);
    }
}
