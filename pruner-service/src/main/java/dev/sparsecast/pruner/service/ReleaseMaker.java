package dev.sparsecast.pruner.service;

import dev.sparsecast.pruner.gate.GateVerdict;
import dev.sparsecast.pruner.gate.QualityGate;
import dev.sparsecast.pruner.refresh.Ingredients;
import dev.sparsecast.pruner.refresh.RefreshPolicy;
import dev.sparsecast.pruner.refresh.Situation.Rejection;
import dev.sparsecast.pruner.release.Candidate;
import dev.sparsecast.pruner.release.ReleaseBuilder;
import dev.sparsecast.pruner.service.PrunerMetrics.Stage;
import dev.sparsecast.pruner.snapshot.GroupSnapshot;
import dev.sparsecast.pruner.specification.SubModelSpecification;
import dev.sparsecast.schemas.Prompt;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.Artifact;
import dev.sparsecast.schemas.SubModelRelease.ArtifactKind;
import dev.sparsecast.schemas.SubModelRelease.Quality;
import dev.sparsecast.schemas.SubModelRelease.Trigger;
import dev.sparsecast.store.ArtifactStore;
import dev.sparsecast.store.DamagedArtifactException;
import dev.sparsecast.wanda.PruningException;
import dev.sparsecast.wanda.mask.SubModelMask;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Carries one candidate from its snapshot to its announcement, or to its rejection. Used by one thread. */
final class ReleaseMaker {
    private static final Logger log = LoggerFactory.getLogger(ReleaseMaker.class);

    private final String model;
    private final ReleaseBuilder builder;
    private final ArtifactStore store;
    private final QualityGate gate;
    private final Announcer announcer;
    private final DecisionLog decisions;
    private final PrunerMetrics metrics;
    private final BooleanSupplier stopping;
    private final Clock clock;

    ReleaseMaker(
            String model,
            ReleaseBuilder builder,
            ArtifactStore store,
            QualityGate gate,
            Announcer announcer,
            DecisionLog decisions,
            PrunerMetrics metrics,
            BooleanSupplier stopping,
            Clock clock) {
        this.model = model;
        this.builder = builder;
        this.store = store;
        this.gate = gate;
        this.announcer = announcer;
        this.decisions = decisions;
        this.metrics = metrics;
        this.stopping = stopping;
        this.clock = clock;
    }

    /**
     * What to make.
     *
     * @param snapshots one for each group of the specification and in that order
     * @param prompts held-out prompts to measure on
     * @param current the release in use
     */
    record Order(
            SubModelSpecification specification,
            Trigger trigger,
            String reason,
            List<GroupSnapshot> snapshots,
            List<Prompt> prompts,
            Optional<SubModelRelease> current) {}

    /** What became of it. */
    sealed interface Outcome {
        /** It was announced. */
        record Released(SubModelRelease release) implements Outcome {}

        /** It was worse than allowed. */
        record Rejected(Rejection rejection) implements Outcome {}

        /** It could not be told, or there was no time left. */
        record Dropped(String reason) implements Outcome {}
    }

    /**
     * Makes a candidate, judges it and, if it is good enough, releases it.
     *
     * @throws PrunerException if the pruner cannot go on
     * @throws RuntimeException of any other kind if nothing was announced and it may be tried again
     */
    Outcome make(Order order) {
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
                reject(order, candidate, quality, reason, milliseconds);
            case GateVerdict.Promoted(Quality quality) ->
                stopping.getAsBoolean()
                        ? new Outcome.Dropped("the pruner stops")
                        : release(order, candidate, quality, milliseconds);
        };
    }

    private GateVerdict judge(Order order, Candidate candidate) {
        Optional<QualityGate.Current> current = order.current()
                .flatMap(release -> maskOf(release)
                        .map(mask -> new QualityGate.Current(
                                mask, RefreshPolicy.hasParameters(release, order.specification()))));
        return gate.judge(order.specification().gate(), order.prompts(), candidate.mask(), current);
    }

    /** None if it is lost for good; then there is nothing to compare with, and all the more reason for a new release. */
    private Optional<SubModelMask> maskOf(SubModelRelease release) {
        Optional<Artifact> recipe = release.artifact(ArtifactKind.RECIPE);
        String why;
        if (recipe.isEmpty() || !store.exists(recipe.get().uri())) {
            why = "its recipe is not in the store";
        } else {
            try {
                return Optional.of(builder.maskOf(release));
            } catch (DamagedArtifactException | PruningException e) {
                why = String.valueOf(e.getMessage());
            }
        }
        log.atWarn()
                .addKeyValue("model", model)
                .addKeyValue("submodel", release.submodel())
                .addKeyValue("version", release.version())
                .addKeyValue("reason", why)
                .log("The release in use cannot be made again, so the candidate is not compared with it");
        return Optional.empty();
    }

    private Outcome reject(
            Order order, Candidate candidate, Quality quality, String reason, Map<String, Long> milliseconds) {
        Instant now = clock.instant();
        String submodel = order.specification().name();
        decisions.rejected(candidate, quality, reason, milliseconds, now);
        metrics.rejected(submodel, quality);
        log.atWarn()
                .addKeyValue("model", model)
                .addKeyValue("submodel", submodel)
                .addKeyValue("trigger", order.trigger().label())
                .addKeyValue("reason", reason)
                .addKeyValue("dense_perplexity", quality.dense())
                .addKeyValue("candidate_perplexity", quality.candidate())
                .addKeyValue("prompts", quality.prompts())
                .log("Candidate rejected");
        return new Outcome.Rejected(new Rejection(Ingredients.of(order.specification(), order.snapshots()), now));
    }

    private Outcome release(Order order, Candidate candidate, Quality quality, Map<String, Long> milliseconds) {
        int version = ReleaseBuilder.nextVersion(order.current());
        decisions.promoted(candidate, quality, version, milliseconds, clock.instant());
        SubModelRelease release =
                metrics.time(Stage.STORE, milliseconds, () -> builder.build(candidate, quality, order.current()));
        metrics.time(Stage.ANNOUNCE, milliseconds, () -> {
            announcer.announce(release);
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
        return new Outcome.Released(release);
    }
}
