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
import java.util.OptionalDouble;

/**
 * All that a decision about a sub-model rests on.
 *
 * @param snapshots newest complete snapshots of its groups in their order; fewer if a group has none yet
 * @param heldOutPrompts held-out prompts that a candidate could be measured on
 * @param current the release in use
 * @param drift newest drift reports of its groups
 * @param churn share of the mask's bits that would be other ones if the release were made again now, if that is known
 * @param rejected what the last candidate was made from, if that was rejected and nothing was released since
 * @param held since when candidates wait for more held-out prompts, if the last one does
 * @param commanded whether somebody asked for a release
 * @param paused whether somebody paused the sub-model
 */
public record Situation(
        SubModelSpecification specification,
        List<GroupSnapshot> snapshots,
        int heldOutPrompts,
        Optional<SubModelRelease> current,
        Map<GroupKey, DriftReport> drift,
        OptionalDouble churn,
        Optional<Rejection> rejected,
        Optional<Hold> held,
        boolean commanded,
        boolean paused,
        Instant now) {
    public Situation {
        snapshots = List.copyOf(snapshots);
        drift = Map.copyOf(drift);
    }

    /** Whether a candidate that the held-out prompts do not tell about may wait for more of them. */
    public boolean mayHold() {
        SubModelSpecification.Gate gate = specification.gate();
        return heldOutPrompts < gate.heldOutPrompts() * specification.groups().size()
                && now.isBefore(held.map(Hold::since).orElse(now).plus(gate.longestHold()));
    }

    /** A candidate that was rejected. */
    public record Rejection(Ingredients ingredients, Instant at) {}

    /**
     * A candidate that was held.
     *
     * @param since when the first one in a row was
     * @param prompts held-out prompts that the last one was measured on
     */
    public record Hold(Instant since, long prompts) {
        /** Held-out prompts at which to measure again: half as many more, so that few measurements lead to many prompts. */
        public long enough() {
            return prompts + Math.max(1, prompts / 2);
        }
    }
}
