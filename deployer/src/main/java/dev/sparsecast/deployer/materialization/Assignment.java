package dev.sparsecast.deployer.materialization;

import dev.sparsecast.deployer.state.SubModelDirectory;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.Artifact;
import java.nio.file.Path;

/**
 * A checkpoint to make.
 *
 * @param release the release, whose manifest is trusted
 * @param artifact which of its artifacts to make it from
 * @param directory the sub-model's, with the versions that are installed; it is made in its staging directory
 */
public record Assignment(SubModelRelease release, Artifact artifact, SubModelDirectory directory) {
    /** A file or directory of a name in the staging directory. */
    Path staged(String name) {
        return directory.staging().resolve(name);
    }
}
