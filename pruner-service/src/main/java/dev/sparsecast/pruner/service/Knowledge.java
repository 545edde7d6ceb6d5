package dev.sparsecast.pruner.service;

import dev.sparsecast.pruner.gate.HeldOutPrompts;
import dev.sparsecast.pruner.refresh.Ingredients;
import dev.sparsecast.pruner.refresh.Situation;
import dev.sparsecast.pruner.refresh.Situation.Hold;
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
import dev.sparsecast.schemas.SubModelCommand;
import dev.sparsecast.schemas.SubModelDecision;
import dev.sparsecast.schemas.SubModelRelease;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** What the topics say of one model, as far as they were read. Used by one thread. */
final class Knowledge {
    private final String model;
    private final SnapshotAssembler assembler;
    private final HeldOutPrompts heldOut = new HeldOutPrompts(Gate.MOST_HELD_OUT_PROMPTS);
    private final Map<GroupKey, DriftReport> drift = new HashMap<>();
    private final Map<String, SubModelRelease> releases = new HashMap<>();
    private final Set<SubModelDecision> decisions = new HashSet<>();
    private final Map<String, Rejection> rejections = new HashMap<>();
    private final Map<String, Hold> holds = new HashMap<>();
    private final CommandBook commands = new CommandBook();
    private @Nullable ReleaseChurn churn;

    /** @param model revision of the base model */
    Knowledge(String model, SnapshotAssembler assembler) {
        this.model = model;
        this.assembler = assembler;
    }

    /** @throws IllegalArgumentException if they cannot be of this model */
    Optional<GroupSnapshot> add(LayerKey key, ActivationStatistics statistics) {
        return assembler.add(key, statistics);
    }

    /** From now on, situations say how stale the release in use is. */
    void measureChurn(ReleaseChurn meter) {
        churn = meter;
    }

    private OptionalDouble churn(SubModelSpecification specification, List<GroupSnapshot> snapshots) {
        Optional<SubModelRelease> current = release(specification.name());
        return churn == null
                        || current.isEmpty()
                        || snapshots.size() < specification.groups().size()
                ? OptionalDouble.empty()
                : churn.of(specification, current.get(), snapshots);
    }

    void add(GroupKey group, DriftReport report) {
        drift.put(group, report);
    }

    /** A version that is older than one known says nothing new. */
    void add(SubModelRelease release) {
        releases.merge(
                release.submodel(), release, (known, added) -> added.version() > known.version() ? added : known);
    }

    void add(SubModelCommand command) {
        commands.add(command);
    }

    /** A command that its topic forgot: it was acted on. */
    void forgetCommand(String id) {
        commands.remove(id);
    }

    /** A decision may come twice, from whoever made it and from its topic; what is known already says nothing new. */
    void add(SubModelDecision decision) {
        if (!decision.command().isEmpty()) {
            commands.answered(decision.command());
        }
        if (decision.figures().isEmpty() || !decisions.add(decision)) {
            return;
        }
        switch (decision.outcome()) {
            case REJECTED -> {
                rejections.put(
                        decision.submodel(), new Rejection(new Ingredients(decision.ingredients()), decision.at()));
                holds.remove(decision.submodel());
            }
            case HELD -> {
                Hold earlier = holds.get(decision.submodel());
                holds.put(
                        decision.submodel(),
                        new Hold(
                                earlier == null ? decision.at() : earlier.since(),
                                decision.figures().get().prompts()));
            }
            case PROMOTED -> {
                rejections.remove(decision.submodel());
                holds.remove(decision.submodel());
            }
            case DONE, REFUSED -> {}
        }
    }

    /** What was announced is known at once, without waiting to read it. */
    void add(Announcement announcement) {
        announcement.release().ifPresent(this::add);
        announcement.decisions().forEach(this::add);
        announcement.done().forEach(command -> forgetCommand(command.id()));
    }

    /**
     * The next command that is to be acted on at once.
     *
     * @param known names of the sub-models that are made
     * @param ready whether anything may be done about a sub-model now
     */
    Optional<Instruction> nextInstruction(Set<String> known, Predicate<String> ready) {
        return commands.next(known, ready)
                .map(command -> new Instruction(
                        command,
                        known.contains(command.submodel()),
                        release(command.submodel()),
                        commands.pauses(command.submodel())));
    }

    /** Commands that ask for a release. */
    List<SubModelCommand> refreshes(String submodel) {
        return commands.refreshes(submodel);
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

    Situation situation(SubModelSpecification specification, Instant now) {
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
                churn(specification, snapshots),
                Optional.ofNullable(rejections.get(specification.name())),
                Optional.ofNullable(holds.get(specification.name())),
                !commands.refreshes(specification.name()).isEmpty(),
                !commands.pauses(specification.name()).isEmpty(),
                now);
    }
}
