package dev.sparsecast.pruner.service;

/** Another pruner of the model is in charge now, and this one can announce nothing any more. */
final class ReplacedException extends PrunerException {
    private static final long serialVersionUID = 1L;

    ReplacedException(Throwable cause) {
        super("another pruner for this model has taken over", cause);
    }
}
