package dev.sparsecast.cli.cluster;

/** The broker or the registry does not answer or refuses; the message is one sentence that says which and what to do. */
public final class ClusterUnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public ClusterUnavailableException(String message) {
        super(message);
    }

    public ClusterUnavailableException(String message, Throwable cause) {
        super(message, cause);
    }
}
