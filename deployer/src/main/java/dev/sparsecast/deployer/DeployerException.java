package dev.sparsecast.deployer;

/** Why a deployer cannot start or go on; the message is one sentence that says what to do. */
public final class DeployerException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public DeployerException(String message) {
        super(message);
    }

    public DeployerException(String message, Throwable cause) {
        super(message, cause);
    }
}
