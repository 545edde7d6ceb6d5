package dev.sparsecast.wanda;

/** Parameters, statistics, a mask or a recipe that cannot be used; the message is one sentence that says what is wrong and what to do. */
public final class PruningException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public PruningException(String message) {
        super(message);
    }

    public PruningException(String message, Throwable cause) {
        super(message, cause);
    }

    /** A weight that is no number. */
    public static PruningException notFinite(String module, int row) {
        return new PruningException("module " + module + " has a weight that is NaN or infinite in row " + row
                + ": the checkpoint is damaged or cannot be pruned");
    }
}
