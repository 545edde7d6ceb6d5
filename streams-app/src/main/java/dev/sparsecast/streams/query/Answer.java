package dev.sparsecast.streams.query;

/**
 * What to answer a request.
 *
 * @param status HTTP status
 * @param json body
 */
public record Answer(int status, String json) {
    static final int OK = 200;
    static final int BAD_REQUEST = 400;
    static final int NOT_FOUND = 404;
    static final int UNAVAILABLE = 503;

    /** Whether to ask again in a moment: partitions are on their way to another instance. */
    public boolean isUnavailable() {
        return status == UNAVAILABLE;
    }
}
