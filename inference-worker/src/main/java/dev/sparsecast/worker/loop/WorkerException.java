package dev.sparsecast.worker.loop;

/** Why a worker ended although nobody stopped it; the message is one sentence that says what to do. */
public final class WorkerException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public WorkerException(String message) {
        super(message);
    }

    public WorkerException(String message, Throwable cause) {
        super(message, cause);
    }
}
