package dev.sparsecast.pruner.specification;

import java.util.List;

/** A specification of sub-models that cannot be used; the message lists everything that is wrong with it, by path. */
public final class SpecificationException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    @SuppressWarnings("serial") // always an immutable list of the JDK, which is serializable
    private final List<String> problems;

    public SpecificationException(String message) {
        super(message);
        this.problems = List.of(message);
    }

    public SpecificationException(String message, Throwable cause) {
        super(message, cause);
        this.problems = List.of(message);
    }

    /**
     * @param message what cannot be used
     * @param problems everything that is wrong, each with its path first
     */
    public SpecificationException(String message, List<String> problems) {
        super(message + ": " + String.join("; ", problems));
        this.problems = List.copyOf(problems);
    }

    /** Everything that is wrong, each with its path first, such as {@code submodels[1].sparsity: must be a number}. */
    public List<String> problems() {
        return problems;
    }
}
