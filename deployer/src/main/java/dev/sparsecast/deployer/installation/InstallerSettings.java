package dev.sparsecast.deployer.installation;

import java.time.Duration;
import java.util.Set;

/**
 * How releases are installed.
 *
 * @param deployer the deployer's name in acknowledgements
 * @param revision the base model's revision, {@code name@<12 hex digits>}
 * @param submodels sub-models to install; empty for all
 * @param keepPrevious versions to keep beside the one in use
 * @param fetchAttempts how often a store that does not answer is asked
 * @param fetchPause how long to wait after the first time; doubled each time
 */
public record InstallerSettings(
        String deployer,
        String revision,
        Set<String> submodels,
        int keepPrevious,
        int fetchAttempts,
        Duration fetchPause) {
    public InstallerSettings {
        submodels = Set.copyOf(submodels);
    }

    /**
     * Whether a release is for this deployer: of a wanted sub-model, and of a model whose revision ends in the same
     * digest, whatever the directory is called here.
     */
    boolean concerns(String model, String submodel) {
        return suffix(model).equals(suffix(revision)) && (submodels.isEmpty() || submodels.contains(submodel));
    }

    private static String suffix(String revision) {
        return revision.substring(revision.lastIndexOf('@') + 1);
    }
}
