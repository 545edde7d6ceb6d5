package dev.sparsecast.pruner.refresh;

import dev.sparsecast.pruner.refresh.RefreshDecision.Release;
import dev.sparsecast.pruner.refresh.RefreshDecision.Wait;
import dev.sparsecast.pruner.snapshot.GroupSnapshot;
import dev.sparsecast.pruner.specification.SubModelSpecification;
import dev.sparsecast.pruner.specification.SubModelSpecification.Refresh;
import dev.sparsecast.schemas.DriftReport;
import dev.sparsecast.schemas.DriftState;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.GroupProvenance;
import dev.sparsecast.schemas.SubModelRelease.Trigger;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Decides when a sub-model is made again. */
public final class RefreshPolicy {
    private RefreshPolicy() {}

    /**
     * Decides.
     *
     * @param snapshots newest complete snapshots of the sub-model's groups, one each
     * @param current the release in use
     * @param drift newest drift reports of its groups, by {@code language/domain}
     * @param commanded whether somebody asked for a release
     */
    public static RefreshDecision decide(
            SubModelSpecification specification,
            List<GroupSnapshot> snapshots,
            Optional<SubModelRelease> current,
            Map<String, DriftReport> drift,
            boolean commanded,
            Instant now) {
        Refresh refresh = specification.refresh();
        long tokens = snapshots.stream().mapToLong(GroupSnapshot::tokens).sum();
        long prompts = snapshots.stream().mapToLong(GroupSnapshot::prompts).sum();
        if (tokens < refresh.minimumTokens()) {
            return new Wait(tokens + " of " + refresh.minimumTokens() + " tokens");
        }
        if (prompts < refresh.minimumPrompts()) {
            return new Wait(prompts + " of " + refresh.minimumPrompts() + " prompts");
        }
        if (current.isEmpty()) {
            return new Release(Trigger.FIRST);
        }
        SubModelRelease release = current.get();
        if (isMadeFrom(release, snapshots)) {
            return new Wait("nothing new since version " + release.version());
        }
        Instant earliest = release.releasedAt().plus(refresh.minimumInterval());
        if (now.isBefore(earliest)) {
            return new Wait("the last release is too recent; the next may be made at " + earliest);
        }
        if (commanded) {
            return new Release(Trigger.COMMAND);
        }
        if (refresh.onDrift() && snapshots.stream().anyMatch(snapshot -> hasDrifted(snapshot, release, drift))) {
            return new Release(Trigger.DRIFT);
        }
        if (refresh.newTokens() > 0 && tokens - release.tokens() >= refresh.newTokens()) {
            return new Release(Trigger.TOKENS);
        }
        if (refresh.schedule().isPresent()
                && !now.isBefore(release.releasedAt().plus(refresh.schedule().get()))) {
            return new Release(Trigger.SCHEDULE);
        }
        return new Wait("fresh enough");
    }

    /** Drift counts if it was measured against this very release, and the snapshot contains what drifted. */
    private static boolean hasDrifted(GroupSnapshot snapshot, SubModelRelease release, Map<String, DriftReport> drift) {
        DriftReport report =
                drift.get(snapshot.group().language() + "/" + snapshot.group().domain());
        return report != null
                && report.state() == DriftState.DRIFTED
                && report.referenceSubmodel().equals(release.submodel())
                && report.referenceVersion() == release.version()
                && snapshot.epoch() >= report.epoch();
    }

    private static boolean isMadeFrom(SubModelRelease release, List<GroupSnapshot> snapshots) {
        return snapshots.stream()
                .allMatch(snapshot -> release.provenance().stream().anyMatch(group -> isOf(group, snapshot)));
    }

    private static boolean isOf(GroupProvenance group, GroupSnapshot snapshot) {
        return group.language().equals(snapshot.group().language())
                && group.domain().equals(snapshot.group().domain())
                && group.flushDigest().equals(snapshot.flushDigest())
                && group.tokens() == snapshot.tokens();
    }
}
