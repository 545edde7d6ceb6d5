package dev.sparsecast.deployer.materialization;

import dev.sparsecast.store.ArtifactStore;
import dev.sparsecast.store.ArtifactStore.Stored;
import dev.sparsecast.store.DamagedArtifactException;
import dev.sparsecast.store.VerifiedFetch;
import java.nio.file.Path;

/** An artifact that is one file, in the staging directory. */
final class StagedFile {
    private StagedFile() {}

    /** Copies it there and checks it against its size and digest. */
    static void fetch(ArtifactStore store, Assignment assignment, Path file) {
        Stored announced =
                new Stored(assignment.artifact().bytes(), assignment.artifact().sha256());
        try {
            VerifiedFetch.fetch(store, assignment.artifact().uri(), announced, file);
        } catch (DamagedArtifactException e) {
            throw damaged(e);
        }
    }

    /** The store holds something else than was announced. */
    static UnusableArtifactException damaged(DamagedArtifactException cause) {
        return new UnusableArtifactException("it cannot be trusted: " + cause.getMessage(), true, cause);
    }
}
