package dev.sparsecast.deployer.state;

/** How those who serve a sub-model find the version in use. */
public enum Layout {
    /** {@code <state>/<submodel>/current} is a link to the version in use. */
    LINK,
    /**
     * {@code <state>/<submodel>/<version>/} are versions, and the one in use is that of the highest number, as TensorFlow
     * Serving and others look for it.
     */
    VERSIONS;

    /** The name in options, such as {@code link}. */
    public String label() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }
}
