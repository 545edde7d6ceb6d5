package dev.sparsecast.streams.query;

/** Why a question has no answer, as an HTTP status and a sentence. */
final class QueryException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int status;

    QueryException(int status, String message) {
        super(message);
        this.status = status;
    }

    QueryException(int status, String message, Throwable cause) {
        super(message, cause);
        this.status = status;
    }

    int status() {
        return status;
    }
}
