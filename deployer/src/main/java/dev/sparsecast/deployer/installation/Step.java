package dev.sparsecast.deployer.installation;

import dev.sparsecast.deployer.materialization.Materializer;
import dev.sparsecast.deployer.state.InstalledVersion;
import java.nio.file.Path;
import java.time.Instant;

/**
 * How far a release has come:
 *
 * <pre>
 * Received → Staged → Verified → Materialized → Synced → Switched → Deployed
 *     └─────────┴────────┴─► Refused                         └────► RolledBack
 * </pre>
 *
 * Where one artifact cannot be used and another may do, it goes from {@code Received}, {@code Staged} or {@code Verified}
 * back to {@code Received}.
 *
 * <p>Whoever is killed on the way starts again at {@code Received} before {@code Synced}, and goes on where it was after that.
 */
public sealed interface Step {
    /** There is more to do. */
    sealed interface Pending extends Step {
        /** What is done next, as it is called in acknowledgements and metrics. */
        String stage();
    }

    /** It is over. */
    sealed interface Finished extends Step {}

    /** Let in. Next its cheapest artifact is fetched, of those that have not been tried. */
    record Received() implements Pending {
        @Override
        public String stage() {
            return "stage";
        }
    }

    /** The artifact is in the staging directory, with the size and digest that were announced. */
    record Staged(Materializer materializer) implements Pending {
        @Override
        public String stage() {
            return "verify";
        }
    }

    /** The artifact says what the manifest says. */
    record Verified(Materializer materializer) implements Pending {
        @Override
        public String stage() {
            return "materialize";
        }
    }

    /** The checkpoint is in the staging directory, with the mask that was promised. */
    record Materialized(Materializer materializer, Path checkpoint) implements Pending {
        @Override
        public String stage() {
            return "sync";
        }
    }

    /** The checkpoint is complete among the versions. */
    record Synced(InstalledVersion version) implements Pending {
        @Override
        public String stage() {
            return "switch";
        }
    }

    /** {@code current} points to it. */
    record Switched(InstalledVersion version, Instant at) implements Pending {
        @Override
        public String stage() {
            return "probe";
        }
    }

    /** It is in use and was found good. */
    record Deployed(InstalledVersion version, Instant at) implements Finished {}

    /**
     * It never came into use.
     *
     * @param remembered whether trying again is useless
     */
    record Refused(String reason, boolean remembered) implements Finished {}

    /** It came into use and was found wanting. */
    record RolledBack(InstalledVersion version, String reason) implements Finished {}
}
