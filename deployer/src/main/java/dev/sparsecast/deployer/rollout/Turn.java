package dev.sparsecast.deployer.rollout;

/** Whether a deployer may take a release. */
public sealed interface Turn {
    /** It may. */
    record Ours() implements Turn {}

    /**
     * Not yet, and maybe never.
     *
     * @param reason what is waited for, in a sentence
     */
    record Later(String reason) implements Turn {}
}
