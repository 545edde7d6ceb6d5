package dev.sparsecast.pruner.service;

import dev.sparsecast.pruner.gate.GateVerdict;
import dev.sparsecast.pruner.gate.QualityGate;
import dev.sparsecast.pruner.refresh.Ingredients;
import dev.sparsecast.pruner.refresh.RefreshPolicy;
import dev.sparsecast.pruner.release.Candidate;
import dev.sparsecast.pruner.release.ReleaseBuilder;
import dev.sparsecast.pruner.service.PrunerMetrics.Stage;
import dev.sparsecast.pruner.snapshot.GroupSnapshot;
import dev.sparsecast.pruner.specification.SubModelSpecification;
import dev.sparsecast.schemas.Prompt;
import dev.sparsecast.schemas.SubModelCommand;
import dev.sparsecast.schemas.SubModelDecision;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.Quality;
import dev.sparsecast.schemas.SubModelRelease.Trigger;
import java.time.Clock;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries one candidate from its snapshot to its announcement, its rejection or a hold, and commands to theirs. Used by one
 * thread.
 */
final class ReleaseMaker implements Maker {
    private static final Logger log = LoggerFactory.getLogger(ReleaseMaker.class);

    private final String model;
    private final ReleaseBuilder builder;
    private final QualityGate gate;
    private final Announcer announcer;
    private final Steering steering;
    private final PrunerMetrics metrics;
    private final BooleanSupplier stopping;
    private final Clock clock;

    ReleaseMaker(
            String model,
            ReleaseBuilder builder,
            QualityGate gate,
            Announcer announcer,
            Steering steering,
            PrunerMetrics metrics,
            BooleanSupplier stopping,
            Clock clock) {
        this.model = model;
        this.builder = builder;
        this.gate = gate;
        this.announcer = announcer;
        this.steering = steering;
        this.metrics = metrics;
        this.stopping = stopping;
        this.clock = clock;
    }

    /**
     * What to make.
     *
     * @param snapshots one for each group of the specification and in that order
     * @param prompts held-out prompts to measure on
     * @param mayHold whether more prompts may be waited for if these do not tell
     * @param current the release in use
     * @param commands that asked for it
     */
    record Order(
            SubModelSpecification specification,
            Trigger trigger,
            String reason,
            List<GroupSnapshot> snapshots,
            List<Prompt> prompts,
            boolean mayHold,
            Optional<SubModelRelease> current,
            List<SubModelCommand> commands) {}

    @Override
    public Outcome make(Order order) {
        Map<String, Long> milliseconds = new LinkedHashMap<>();
        Candidate candidate = metrics.time(
                Stage.PRUNE,
                milliseconds,
                () -> builder.prune(order.specification(), order.trigger(), order.snapshots()));
        if (stopping.getAsBoolean()) {
            return new Outcome.Dropped("the pruner stops");
        }
        GateVerdict verdict = metrics.time(Stage.GATE, milliseconds, () -> judge(order, candidate));
        return switch (verdict) {
            case GateVerdict.Undecided(String reason) -> new Outcome.Dropped(reason);
            case GateVerdict.Rejected(Quality quality, String reason) ->
                turnDown(
                        order,
                        decision(order, candidate, SubModelDecision.Outcome.REJECTED, reason, quality, milliseconds),
                        order.commands());
            case GateVerdict.Held(Quality quality, String reason) ->
                // What asked for it still stands, and is answered when more prompts have told.
                turnDown(
                        order,
                        decision(order, candidate, SubModelDecision.Outcome.HELD, reason, quality, milliseconds),
                        List.of());
            case GateVerdict.Promoted(Quality quality, String reason) ->
                stopping.getAsBoolean()
                        ? new Outcome.Dropped("the pruner stops")
                        : release(order, candidate, quality, reason, milliseconds);
        };
    }

    @Override
    public Outcome carryOut(Instruction instruction) {
        Announcement announcement = steering.carryOut(instruction);
        announcer.announce(announcement);
        announcement.release().ifPresent(metrics::released);
        for (SubModelDecision decision : announcement.decisions()) {
            log.atInfo()
                    .addKeyValue("model", model)
                    .addKeyValue("submodel", decision.submodel())
                    .addKeyValue("command", instruction.command().action().label())
                    .addKeyValue("issuer", instruction.command().issuer())
                    .addKeyValue("outcome", decision.outcome().label())
                    .addKeyValue("reason", decision.reason())
                    .log("Command acted on");
        }
        return new Outcome.Decided(announcement);
    }

    private GateVerdict judge(Order order, Candidate candidate) {
        Optional<QualityGate.Current> current = order.current()
                .filter(release -> !release.isWithdrawn())
                .flatMap(release -> builder.maskOf(release)
                        .map(mask -> new QualityGate.Current(
                                mask, RefreshPolicy.hasParameters(release, order.specification()))));
        return gate.judge(order.specification().gate(), order.prompts(), candidate.mask(), current, order.mayHold());
    }

    private SubModelDecision decision(
            Order order,
            Candidate candidate,
            SubModelDecision.Outcome outcome,
            String reason,
            Quality quality,
            Map<String, Long> milliseconds) {
        return new SubModelDecision(
                model,
                order.specification().name(),
                clock.instant().truncatedTo(ChronoUnit.MILLIS),
                outcome,
                reason,
                order.trigger().label(),
                OptionalInt.empty(),
                "",
                Ingredients.of(order.specification(), order.snapshots()).text(),
                candidate.mask().digest(),
                Optional.of(quality),
                milliseconds);
    }

    private Outcome turnDown(Order order, SubModelDecision decision, List<SubModelCommand> answered) {
        Announcement announcement = new Announcement(Optional.empty(), withAnswers(decision, answered), answered);
        announcer.announce(announcement);
        Quality quality = decision.figures().orElseThrow();
        metrics.turnedDown(decision);
        log.atWarn()
                .addKeyValue("model", model)
                .addKeyValue("submodel", decision.submodel())
                .addKeyValue("trigger", order.trigger().label())
                .addKeyValue("outcome", decision.outcome().label())
                .addKeyValue("reason", decision.reason())
                .addKeyValue("dense_perplexity", quality.dense())
                .addKeyValue("candidate_perplexity", quality.candidate())
                .addKeyValue("prompts", quality.prompts())
                .log("Candidate turned down");
        return new Outcome.Decided(announcement);
    }

    /** A decision answers all the commands that asked for it, each in a record of its own. */
    private static List<SubModelDecision> withAnswers(SubModelDecision decision, List<SubModelCommand> commands) {
        return commands.isEmpty()
                ? List.of(decision)
                : commands.stream()
                        .map(command -> decision.answering(command.id()))
                        .toList();
    }

    private Outcome release(
            Order order, Candidate candidate, Quality quality, String why, Map<String, Long> milliseconds) {
        SubModelRelease release =
                metrics.time(Stage.STORE, milliseconds, () -> builder.build(candidate, quality, order.current()));
        SubModelDecision decision = decision(
                        order, candidate, SubModelDecision.Outcome.PROMOTED, why, quality, milliseconds)
                .announcing(release.version());
        Announcement announcement =
                new Announcement(Optional.of(release), withAnswers(decision, order.commands()), order.commands());
        metrics.time(Stage.ANNOUNCE, milliseconds, () -> {
            announcer.announce(announcement);
            return release;
        });
        metrics.released(release);
        var event = log.atInfo()
                .addKeyValue("model", model)
                .addKeyValue("submodel", release.submodel())
                .addKeyValue("version", release.version())
                .addKeyValue("trigger", order.trigger().label())
                .addKeyValue("reason", order.reason())
                .addKeyValue("tokens", release.tokens())
                .addKeyValue("dense_perplexity", quality.dense())
                .addKeyValue("candidate_perplexity", quality.candidate())
                .addKeyValue(
                        "ms_since_snapshot",
                        Duration.between(release.snapshotAt(), clock.instant()).toMillis());
        for (Map.Entry<String, Long> stage : milliseconds.entrySet()) {
            event = event.addKeyValue(stage.getKey() + "_ms", stage.getValue());
        }
        event.log("Released");
        return new Outcome.Decided(announcement);
    }
}
