package dev.sparsecast.pruner.service;

import dev.sparsecast.pruner.release.ReleaseBuilder;
import dev.sparsecast.pruner.release.ReleaseHistory;
import dev.sparsecast.schemas.SubModelCommand;
import dev.sparsecast.schemas.SubModelDecision;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.Rollout;
import dev.sparsecast.schemas.signing.VerifyingKey;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeSet;

/**
 * What a command comes to. To pin, unpin and revoke, a further version is made, which has the mask of a good one again and
 * says what holds from now on: nothing that was announced is ever changed, and versions only rise. Such commands must be
 * signed with the key that signs releases, and hold for the newest version that whoever gave them knew.
 */
final class Steering {
    private final VerifyingKey key;
    private final ReleaseBuilder builder;
    private final ReleaseHistory history;
    private final Clock clock;

    Steering(VerifyingKey key, ReleaseBuilder builder, ReleaseHistory history, Clock clock) {
        this.key = key;
        this.builder = builder;
        this.history = history;
        this.clock = clock;
    }

    /** What to announce of a command; a release in it is in the store already. */
    Announcement carryOut(Instruction instruction) {
        SubModelCommand command = instruction.command();
        if (command.action().mustBeSigned()) {
            return instruction
                    .current()
                    .map(current -> signed(command, current))
                    .orElseGet(() -> refused(command, "there is no release of '" + command.submodel() + "'"));
        }
        if (!instruction.isKnown()) {
            return refused(command, "this pruner makes no sub-model '" + command.submodel() + "'");
        }
        return switch (command.action()) {
            case PAUSE -> pause(instruction);
            case RESUME -> resume(instruction);
            case REFRESH, PIN, UNPIN, REVOKE -> throw new IllegalStateException("not to be carried out here");
        };
    }

    /** The newest pause is the one that stays. */
    private Announcement pause(Instruction instruction) {
        List<SubModelCommand> earlier = new ArrayList<>(instruction.pauses());
        earlier.remove(instruction.command());
        return Announcement.of(
                decision(
                        instruction.command(),
                        SubModelDecision.Outcome.DONE,
                        earlier.isEmpty() ? "paused" : "was paused already"),
                earlier);
    }

    private Announcement resume(Instruction instruction) {
        List<SubModelCommand> over = new ArrayList<>(instruction.pauses());
        over.add(instruction.command());
        return Announcement.of(
                decision(
                        instruction.command(),
                        SubModelDecision.Outcome.DONE,
                        instruction.pauses().isEmpty() ? "was not paused" : "resumed"),
                over);
    }

    private Announcement signed(SubModelCommand command, SubModelRelease current) {
        if (!key.verifies(command)) {
            return refused(
                    command,
                    "to " + command.action().label() + " must be signed with the key " + key.id()
                            + " that signs releases");
        }
        return switch (command.action()) {
            case PIN -> isOutdated(command, current) ? outdated(command, current) : pin(command, current);
            case UNPIN -> isOutdated(command, current) ? outdated(command, current) : unpin(command, current);
            case REVOKE -> revoke(command, current);
            case REFRESH, PAUSE, RESUME -> throw new IllegalStateException("needs no signature");
        };
    }

    /** Else whoever can write to the topic could play an old command again. Revoking twice is harmless. */
    private static boolean isOutdated(SubModelCommand command, SubModelRelease current) {
        return command.newest() != current.version();
    }

    private Announcement outdated(SubModelCommand command, SubModelRelease current) {
        return refused(
                command,
                "it was given when version " + command.newest() + " was the newest, now it is " + current.version()
                        + "; give it again if it still holds");
    }

    private Announcement pin(SubModelCommand command, SubModelRelease current) {
        int version = command.version().orElseThrow();
        if (current.rollout().pinned() && hasContentOf(current, version)) {
            return done(command, "version " + version + " is pinned already");
        }
        if (current.rollout().isRevoked(version)) {
            return refused(command, "version " + version + " was revoked");
        }
        return good(command, current, version)
                .map(good -> announce(
                        command,
                        builder.restore(
                                good,
                                current,
                                new Rollout(
                                        1,
                                        true,
                                        OptionalInt.of(origin(good)),
                                        current.rollout().revoked())),
                        "pinned to version " + version))
                .orElseGet(() -> refused(command, "version " + version + " is not in the store, or cannot be trusted"));
    }

    private Announcement unpin(SubModelCommand command, SubModelRelease current) {
        if (!current.rollout().pinned()) {
            return done(command, "no version is pinned");
        }
        SubModelRelease next = current.isWithdrawn()
                ? builder.withdraw(current, false, current.rollout().revoked())
                : builder.restore(
                        current,
                        current,
                        new Rollout(
                                1,
                                false,
                                OptionalInt.of(origin(current)),
                                current.rollout().revoked()));
        return announce(command, next, "unpinned; candidates are made again");
    }

    private Announcement revoke(SubModelCommand command, SubModelRelease current) {
        int version = command.version().orElseThrow();
        if (version < 1 || version > current.version()) {
            return refused(command, "there is no version " + version + "; the newest is " + current.version());
        }
        if (current.rollout().isRevoked(version)) {
            return done(command, "version " + version + " was revoked already");
        }
        List<SubModelRelease> known = new ArrayList<>(history.upTo(command.key(), current.version()));
        known.removeIf(release -> release.version() == current.version());
        known.addFirst(current);
        List<Integer> revoked = revoked(known, current, version);
        if (!revoked.contains(current.version())) {
            Rollout rollout = new Rollout(1, current.rollout().pinned(), OptionalInt.of(origin(current)), revoked);
            return announce(command, builder.restore(current, current, rollout), "version " + version + " is revoked");
        }
        return known.stream()
                .filter(release ->
                        !revoked.contains(release.version()) && !release.isWithdrawn() && history.hasArtifacts(release))
                .findFirst()
                .map(good -> announce(
                        command,
                        builder.restore(good, current, new Rollout(1, true, OptionalInt.of(origin(good)), revoked)),
                        "version " + version + " is revoked; version " + good.version()
                                + " is in use again, and pinned until somebody unpins it"))
                .orElseGet(() -> announce(
                        command,
                        builder.withdraw(current, true, revoked),
                        "version " + version + " is revoked, and no other is left: the sub-model is withdrawn until"
                                + " somebody unpins it"));
    }

    /** With a version, all that have the same mask because they restored it, or were restored by it. */
    private static List<Integer> revoked(List<SubModelRelease> known, SubModelRelease current, int version) {
        TreeSet<Integer> revoked = new TreeSet<>(current.rollout().revoked());
        revoked.add(version);
        int origin = known.stream()
                .filter(release -> release.version() == version)
                .mapToInt(Steering::origin)
                .findFirst()
                .orElse(version);
        revoked.add(origin);
        known.stream().filter(release -> origin(release) == origin).forEach(release -> revoked.add(release.version()));
        return List.copyOf(revoked);
    }

    private Optional<SubModelRelease> good(SubModelCommand command, SubModelRelease current, int version) {
        if (version == current.version()) {
            return Optional.of(current).filter(release -> !release.isWithdrawn());
        }
        return version < current.version()
                ? history.release(command.key(), version).filter(history::hasArtifacts)
                : Optional.empty();
    }

    /** The version whose candidate this was. */
    private static int origin(SubModelRelease release) {
        return release.rollout().restores().orElse(release.version());
    }

    private static boolean hasContentOf(SubModelRelease release, int version) {
        return release.version() == version || origin(release) == version;
    }

    private Announcement announce(SubModelCommand command, SubModelRelease release, String reason) {
        SubModelDecision decision = SubModelDecision.answer(
                command,
                now(),
                SubModelDecision.Outcome.DONE,
                reason + ", as version " + release.version(),
                OptionalInt.of(release.version()));
        return new Announcement(Optional.of(release), List.of(decision), List.of(command));
    }

    private Announcement done(SubModelCommand command, String reason) {
        return Announcement.of(decision(command, SubModelDecision.Outcome.DONE, reason), List.of(command));
    }

    private Announcement refused(SubModelCommand command, String reason) {
        return Announcement.of(decision(command, SubModelDecision.Outcome.REFUSED, reason), List.of(command));
    }

    private SubModelDecision decision(SubModelCommand command, SubModelDecision.Outcome outcome, String reason) {
        return SubModelDecision.answer(command, now(), outcome, reason, OptionalInt.empty());
    }

    /** As precise as records are. */
    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MILLIS);
    }
}
