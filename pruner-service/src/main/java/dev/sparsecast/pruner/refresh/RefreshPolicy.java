package dev.sparsecast.pruner.refresh;

import dev.sparsecast.pruner.refresh.RefreshDecision.Obstacle;
import dev.sparsecast.pruner.refresh.RefreshDecision.Release;
import dev.sparsecast.pruner.refresh.RefreshDecision.Wait;
import dev.sparsecast.pruner.refresh.Situation.Rejection;
import dev.sparsecast.pruner.snapshot.GroupSnapshot;
import dev.sparsecast.pruner.specification.SubModelSpecification;
import dev.sparsecast.pruner.specification.SubModelSpecification.Group;
import dev.sparsecast.pruner.specification.SubModelSpecification.Refresh;
import dev.sparsecast.schemas.DriftReport;
import dev.sparsecast.schemas.DriftState;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.GroupProvenance;
import dev.sparsecast.schemas.SubModelRelease.PruningRecipe;
import dev.sparsecast.schemas.SubModelRelease.Trigger;
import dev.sparsecast.wanda.PruningParameters;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Decides when a sub-model is made again. First come the reasons that forbid it whatever happens (a pause, a pin, no exact
 * snapshot, too little data, the rate limit, a candidate already rejected or held); then the reasons to do it: the first
 * release, a command or a changed specification, drift, mask churn, new tokens, the schedule.
 */
public final class RefreshPolicy {
    private RefreshPolicy() {}

    /** Decides; the same situation always gives the same decision. */
    public static RefreshDecision decide(Situation situation) {
        Optional<Wait> obstacle = forbidden(situation)
                .or(() -> missingSnapshot(situation))
                .or(() -> belowMinimum(situation))
                .or(() -> tooSoon(situation))
                .or(() -> alreadyRejected(situation))
                .or(() -> withoutMoreEvidence(situation));
        if (obstacle.isPresent()) {
            return obstacle.get();
        }
        return situation
                .current()
                .map(release -> again(situation, release))
                .orElseGet(() -> new Release(Trigger.FIRST, "there is no release yet"));
    }

    private static RefreshDecision again(Situation situation, SubModelRelease release) {
        if (situation.commanded()) {
            return new Release(Trigger.COMMAND, "asked for");
        }
        if (!isMadeAsSpecified(release, situation.specification())) {
            return new Release(
                    Trigger.COMMAND, "the specification is another than that of version " + release.version());
        }
        long newTokens = newTokens(situation.snapshots(), release);
        if (isMadeFrom(release, situation.snapshots())) {
            return new Wait(Obstacle.NEWS, "nothing new since version " + release.version());
        }
        if (release.isWithdrawn()) {
            return new Release(Trigger.FIRST, "there is no release left since version " + release.version());
        }
        Refresh refresh = situation.specification().refresh();
        Optional<GroupSnapshot> drifted = situation.snapshots().stream()
                .filter(snapshot -> hasDrifted(snapshot, release, situation))
                .findFirst();
        if (refresh.onDrift() && drifted.isPresent()) {
            return new Release(
                    Trigger.DRIFT,
                    drifted.get().group().language() + "/"
                            + drifted.get().group().domain() + " has drifted from version " + release.version());
        }
        if (refresh.onChurn().isPresent()
                && situation.churn().isPresent()
                && situation.churn().getAsDouble() >= refresh.onChurn().getAsDouble()) {
            return new Release(
                    Trigger.CHURN,
                    String.format(
                            Locale.ROOT,
                            "%.2f %% of the mask of version %d would be other bits now",
                            100 * situation.churn().getAsDouble(),
                            release.version()));
        }
        if (refresh.newTokens() > 0 && newTokens >= refresh.newTokens()) {
            return new Release(Trigger.TOKENS, newTokens + " new tokens since version " + release.version());
        }
        if (refresh.schedule().isPresent()
                && !situation
                        .now()
                        .isBefore(release.releasedAt().plus(refresh.schedule().get()))) {
            return new Release(
                    Trigger.SCHEDULE,
                    "version " + release.version() + " is "
                            + Duration.between(release.releasedAt(), situation.now())
                                    .toSeconds() + " s old");
        }
        return new Wait(
                Obstacle.TRIGGER,
                "version " + release.version() + " is fresh enough, with " + newTokens + " new tokens since");
    }

    private static Optional<Wait> forbidden(Situation situation) {
        if (situation.paused()) {
            return waiting(Obstacle.PAUSED, "it is paused; resume it to have releases again");
        }
        return situation
                .current()
                .filter(release -> release.rollout().pinned())
                .map(release -> new Wait(
                        Obstacle.PINNED,
                        "version " + release.version() + " is pinned; unpin it to have releases again"));
    }

    private static Optional<Wait> withoutMoreEvidence(Situation situation) {
        return situation
                .held()
                .filter(hold -> situation.mayHold() && situation.heldOutPrompts() < hold.enough())
                .map(hold -> new Wait(
                        Obstacle.EVIDENCE,
                        hold.prompts() + " held-out prompts did not tell; measured again when there are "
                                + hold.enough()));
    }

    private static Optional<Wait> missingSnapshot(Situation situation) {
        int groups = situation.specification().groups().size();
        if (situation.snapshots().size() < groups) {
            return waiting(
                    Obstacle.SNAPSHOT,
                    situation.snapshots().size() + " of " + groups + " groups have a complete snapshot");
        }
        Set<Double> halfLives = situation.snapshots().stream()
                .map(GroupSnapshot::halfLifeTokens)
                .collect(Collectors.toSet());
        return halfLives.size() > 1
                ? waiting(Obstacle.SNAPSHOT, "the groups' statistics have different half-lives: " + halfLives)
                : Optional.empty();
    }

    private static Optional<Wait> belowMinimum(Situation situation) {
        Refresh refresh = situation.specification().refresh();
        long tokens =
                situation.snapshots().stream().mapToLong(GroupSnapshot::tokens).sum();
        long prompts =
                situation.snapshots().stream().mapToLong(GroupSnapshot::prompts).sum();
        // Groups may share sources, so the largest count is all that is sure.
        long sources = situation.snapshots().stream()
                .mapToLong(GroupSnapshot::distinctSources)
                .max()
                .orElse(0);
        return below("tokens", tokens, refresh.minimumTokens())
                .or(() -> below("prompts", prompts, refresh.minimumPrompts()))
                .or(() -> below("sources", sources, refresh.minimumSources()))
                .map(reason -> new Wait(Obstacle.MINIMUM, reason))
                .or(() -> below(
                                "held-out prompts",
                                situation.heldOutPrompts(),
                                situation.specification().gate().minimumHeldOutPrompts())
                        .map(reason -> new Wait(Obstacle.HELD_OUT, reason)));
    }

    private static Optional<String> below(String what, long have, long need) {
        return have < need ? Optional.of(have + " of " + need + " " + what) : Optional.empty();
    }

    /** The limit is on candidates, so that rejected ones do not keep the machine busy either. */
    private static Optional<Wait> tooSoon(Situation situation) {
        Instant last = situation.current().map(SubModelRelease::releasedAt).orElse(Instant.MIN);
        Instant rejected = situation.rejected().map(Rejection::at).orElse(Instant.MIN);
        if (rejected.isAfter(last)) {
            last = rejected;
        }
        if (last.equals(Instant.MIN)) {
            return Optional.empty();
        }
        Instant earliest = last.plus(situation.specification().refresh().minimumInterval());
        return situation.now().isBefore(earliest)
                ? waiting(Obstacle.INTERVAL, "the last candidate is too recent; the next may be made at " + earliest)
                : Optional.empty();
    }

    private static Optional<Wait> alreadyRejected(Situation situation) {
        Ingredients ingredients = Ingredients.of(situation.specification(), situation.snapshots());
        return situation
                .rejected()
                .filter(rejection -> rejection.ingredients().equals(ingredients))
                .flatMap(rejection -> waiting(
                        Obstacle.REJECTED, "the candidate of this very snapshot was rejected at " + rejection.at()));
    }

    private static Optional<Wait> waiting(Obstacle obstacle, String reason) {
        return Optional.of(new Wait(obstacle, reason));
    }

    /** Drift counts if it was measured against this very release, and the snapshot contains what drifted. */
    private static boolean hasDrifted(GroupSnapshot snapshot, SubModelRelease release, Situation situation) {
        DriftReport report = situation.drift().get(snapshot.group());
        return report != null
                && report.state() == DriftState.DRIFTED
                && report.referenceSubmodel().equals(release.submodel())
                && report.referenceVersion() == release.version()
                && snapshot.epoch() >= report.epoch();
    }

    /** Whether the release has the parameters and the groups that the specification asks for now. */
    public static boolean isMadeAsSpecified(SubModelRelease release, SubModelSpecification specification) {
        Set<Group> groups = release.provenance().stream()
                .map(group -> new Group(group.language(), group.domain(), group.weight()))
                .collect(Collectors.toSet());
        return hasParameters(release, specification) && groups.equals(new HashSet<>(specification.groups()));
    }

    /** Whether the release was pruned as the specification asks for now, so that their perplexities can be compared. */
    public static boolean hasParameters(SubModelRelease release, SubModelSpecification specification) {
        PruningRecipe recipe = release.recipe();
        PruningParameters parameters = specification.parameters();
        return recipe.method().equals(parameters.method().label())
                && recipe.pattern().equals(parameters.pattern().label())
                && recipe.sparsity() == parameters.sparsity()
                && recipe.budget().equals(parameters.budget().label());
    }

    private static boolean isMadeFrom(SubModelRelease release, List<GroupSnapshot> snapshots) {
        return snapshots.stream()
                .allMatch(snapshot -> provenance(release, snapshot)
                        .filter(group -> group.flushDigest().equals(snapshot.flushDigest())
                                && group.tokens() == snapshot.tokens())
                        .isPresent());
    }

    /** Lifetime tokens that the release does not contain. A count that fell was started anew: then all of it is new. */
    private static long newTokens(List<GroupSnapshot> snapshots, SubModelRelease release) {
        long tokens = 0;
        for (GroupSnapshot snapshot : snapshots) {
            long before =
                    provenance(release, snapshot).map(GroupProvenance::tokens).orElse(0L);
            tokens += snapshot.tokens() >= before ? snapshot.tokens() - before : snapshot.tokens();
        }
        return tokens;
    }

    private static Optional<GroupProvenance> provenance(SubModelRelease release, GroupSnapshot snapshot) {
        return release.provenance().stream()
                .filter(group -> group.language().equals(snapshot.group().language())
                        && group.domain().equals(snapshot.group().domain()))
                .findFirst();
    }
}
