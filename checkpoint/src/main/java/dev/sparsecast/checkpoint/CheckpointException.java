package dev.sparsecast.checkpoint;

/** A model directory or file that cannot be used; the message is one sentence that says what is wrong with which file and what to do. */
public final class CheckpointException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public CheckpointException(String message) {
        super(message);
    }

    public CheckpointException(String message, Throwable cause) {
        super(message, cause);
    }
}
