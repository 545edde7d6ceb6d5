package dev.sparsecast.deployer.hook;

import java.nio.file.Path;

/**
 * Another version of a sub-model is in use.
 *
 * @param directory its checkpoint: an absolute path, which stays the version's as long as it is kept
 */
public record Switched(String submodel, int version, Path directory) {}
