package dev.sparsecast.pruner.service;

import dev.sparsecast.pruner.gate.HeldOutPrompts;
import dev.sparsecast.pruner.refresh.Situation;
import dev.sparsecast.pruner.refresh.Situation.Rejection;
import dev.sparsecast.pruner.snapshot.GroupSnapshot;
import dev.sparsecast.pruner.snapshot.SnapshotAssembler;
import dev.sparsecast.pruner.specification.SubModelSpecification;
import dev.sparsecast.pruner.specification.SubModelSpecification.Gate;
import dev.sparsecast.pruner.specification.SubModelSpecification.Group;
import dev.sparsecast.schemas.ActivationStatistics;
import dev.sparsecast.schemas.DriftReport;
import dev.sparsecast.schemas.GroupKey;
import dev.sparsecast.schemas.LayerKey;
import dev.sparsecast.schemas.Prompt;
import dev.sparsecast.schemas.SubModelRelease;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What the topics say of one model, as far as they were read. Used by one thread. */
final class Knowledge {
    private final String model;
    private final SnapshotAssembler assembler;
    private final HeldOutPrompts heldOut = new HeldOutPrompts(Gate.MOST_HELD_OUT_PROMPTS);
    private final Map<GroupKey, DriftReport> drift = new HashMap<>();
    private final Map<String, SubModelRelease> releases = new HashMap<>();

    /** @param model revision of the base model */
    Knowledge(String model, SnapshotAssembler assembler) {
        this.model = model;
        this.assembler = assembler;
    }

    /** @throws IllegalArgumentException if they cannot be of this model */
    Optional<GroupSnapshot> add(LayerKey key, ActivationStatistics statistics) {
        return assembler.add(key, statistics);
    }

    void add(GroupKey group, DriftReport report) {
        drift.put(group, report);
    }

    /** A version that is older than one known says nothing new. */
    void add(SubModelRelease release) {
        releases.merge(
                release.submodel(), release, (known, added) -> added.version() > known.version() ? added : known);
    }

    void add(Prompt prompt, long at) {
        heldOut.add(prompt, at);
    }

    /** The release in use. */
    Optional<SubModelRelease> release(String submodel) {
        return Optional.ofNullable(releases.get(submodel));
    }

    /** Held-out prompts to measure a candidate on: the most recent ones of each group. */
    List<Prompt> heldOut(SubModelSpecification specification) {
        List<Prompt> prompts = new ArrayList<>();
        for (Group group : specification.groups()) {
            prompts.addAll(heldOut.newest(
                    group.language(), group.domain(), specification.gate().heldOutPrompts()));
        }
        return prompts;
    }

    Situation situation(
            SubModelSpecification specification, Optional<Rejection> rejected, boolean commanded, Instant now) {
        List<GroupSnapshot> snapshots = new ArrayList<>();
        Map<GroupKey, DriftReport> reports = new HashMap<>();
        for (Group group : specification.groups()) {
            GroupKey key = new GroupKey(model, group.language(), group.domain());
            assembler.newest(key).ifPresent(snapshots::add);
            DriftReport report = drift.get(key);
            if (report != null) {
                reports.put(key, report);
            }
        }
        return new Situation(
                specification,
                snapshots,
                heldOut(specification).size(),
                release(specification.name()),
                reports,
                rejected,
                commanded,
                now);
    }
}
