package dev.sparsecast.wanda.delta;

/** A code that no encoder wrote; the message says why, for {@link MaskDelta} to say of which file. */
final class DamagedCodeException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    DamagedCodeException(String message) {
        super(message);
    }
}
