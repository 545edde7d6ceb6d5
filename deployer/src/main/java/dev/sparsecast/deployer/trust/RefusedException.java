package dev.sparsecast.deployer.trust;

/** A release must not be installed; the message says why in one sentence. */
public final class RefusedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String reason;

    public RefusedException(String reason) {
        super(reason);
        this.reason = reason;
    }

    public RefusedException(String reason, Throwable cause) {
        super(reason, cause);
        this.reason = reason;
    }

    /** Why, as it is said in the acknowledgement. */
    public String reason() {
        return reason;
    }
}
