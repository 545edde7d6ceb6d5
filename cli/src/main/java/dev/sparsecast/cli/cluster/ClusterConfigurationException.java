package dev.sparsecast.cli.cluster;

/** Settings of the cluster that cannot be; the message is one sentence that says which and what to do. */
public final class ClusterConfigurationException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public ClusterConfigurationException(String message) {
        super(message);
    }

    public ClusterConfigurationException(String message, Throwable cause) {
        super(message, cause);
    }
}
