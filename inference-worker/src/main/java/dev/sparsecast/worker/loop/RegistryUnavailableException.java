package dev.sparsecast.worker.loop;

/** The schema registry could not be asked, so it is not known yet what a record is. */
final class RegistryUnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    RegistryUnavailableException(Throwable cause) {
        super("the schema registry does not answer", cause);
    }
}
