package dev.sparsecast.pruner.service;

import dev.sparsecast.schemas.cluster.ClusterSettings;

/** The pruner cannot go on; the message says why and what to do. */
public sealed class PrunerException extends RuntimeException permits ReplacedException {
    private static final long serialVersionUID = 1L;

    public PrunerException(String message) {
        super(message);
    }

    public PrunerException(String message, Throwable cause) {
        super(message, cause);
    }

    static PrunerException noBroker(ClusterSettings cluster, Throwable cause) {
        return new PrunerException(
                "no broker answers at " + cluster.bootstrapServers() + "; check --bootstrap-servers and that it runs",
                cause);
    }
}
