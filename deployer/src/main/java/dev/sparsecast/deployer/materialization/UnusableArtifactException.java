package dev.sparsecast.deployer.materialization;

/**
 * One artifact of a release cannot be used here, and another of the same release may do: it makes the same mask and is
 * checked as strictly. The message says why in one sentence.
 */
public final class UnusableArtifactException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final boolean lasting;

    /** @param lasting whether it will still be so when it is tried again */
    public UnusableArtifactException(String reason, boolean lasting) {
        super(reason);
        this.lasting = lasting;
    }

    /** @param lasting whether it will still be so when it is tried again */
    public UnusableArtifactException(String reason, boolean lasting, Throwable cause) {
        super(reason, cause);
        this.lasting = lasting;
    }

    /** Whether trying again is useless. */
    public boolean isLasting() {
        return lasting;
    }
}
