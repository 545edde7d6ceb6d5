package dev.sparsecast.pruner.specification;

/** A specification of sub-models that cannot be used; the message lists everything that is wrong with it, by path. */
public final class SpecificationException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public SpecificationException(String message) {
        super(message);
    }

    public SpecificationException(String message, Throwable cause) {
        super(message, cause);
    }
}
