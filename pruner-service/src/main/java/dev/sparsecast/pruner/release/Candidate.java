package dev.sparsecast.pruner.release;

import dev.sparsecast.pruner.snapshot.GroupSnapshot;
import dev.sparsecast.pruner.specification.SubModelSpecification;
import dev.sparsecast.schemas.SubModelRelease.Trigger;
import dev.sparsecast.wanda.Calibration;
import dev.sparsecast.wanda.mask.SubModelMask;
import java.util.List;

/**
 * A sub-model that was made and not yet judged.
 *
 * @param snapshots what it was made from, one for each group of the specification and in that order
 */
public record Candidate(
        SubModelSpecification specification,
        Trigger trigger,
        List<GroupSnapshot> snapshots,
        Calibration calibration,
        SubModelMask mask) {
    public Candidate {
        snapshots = List.copyOf(snapshots);
    }
}
