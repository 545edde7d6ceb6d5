package dev.sparsecast.deployer.installation;

import dev.sparsecast.deployer.state.InstalledVersion;
import java.nio.file.Path;

/** Checks a version that was just switched to, as its users see it. */
@FunctionalInterface
public interface Probe {
    /**
     * Checks a version; any exception is an objection.
     *
     * @param directory its checkpoint
     */
    void check(InstalledVersion version, Path directory);
}
