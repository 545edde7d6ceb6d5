package dev.sparsecast.deployer.hook;

/**
 * Is told that {@code current} was switched, and may object. After a deployer was killed it may be told again of a switch
 * that it knows.
 */
@FunctionalInterface
public interface Hook {
    /**
     * Tells of a switch.
     *
     * @throws HookException if the new version does no good: the deployer switches back
     */
    void switched(Switched switched);
}
