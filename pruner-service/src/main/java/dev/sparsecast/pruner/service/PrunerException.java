package dev.sparsecast.pruner.service;

/** The pruner cannot go on; the message says why and what to do. */
public sealed class PrunerException extends RuntimeException permits ReplacedException {
    private static final long serialVersionUID = 1L;

    public PrunerException(String message) {
        super(message);
    }

    public PrunerException(String message, Throwable cause) {
        super(message, cause);
    }
}
