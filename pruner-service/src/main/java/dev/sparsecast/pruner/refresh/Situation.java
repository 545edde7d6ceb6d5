package dev.sparsecast.pruner.refresh;

import dev.sparsecast.pruner.snapshot.GroupSnapshot;
import dev.sparsecast.pruner.specification.SubModelSpecification;
import dev.sparsecast.schemas.DriftReport;
import dev.sparsecast.schemas.GroupKey;
import dev.sparsecast.schemas.SubModelRelease;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * All that a decision about a sub-model rests on.
 *
 * @param snapshots newest complete snapshots of its groups in their order; fewer if a group has none yet
 * @param heldOutPrompts held-out prompts that a candidate could be measured on
 * @param current the release in use
 * @param drift newest drift reports of its groups
 * @param rejected what the last candidate was made from, if that was rejected and nothing was released since
 * @param commanded whether somebody asked for a release
 */
public record Situation(
        SubModelSpecification specification,
        List<GroupSnapshot> snapshots,
        int heldOutPrompts,
        Optional<SubModelRelease> current,
        Map<GroupKey, DriftReport> drift,
        Optional<Rejection> rejected,
        boolean commanded,
        Instant now) {
    public Situation {
        snapshots = List.copyOf(snapshots);
        drift = Map.copyOf(drift);
    }

    /** A candidate that was rejected. */
    public record Rejection(Ingredients ingredients, Instant at) {}
}
