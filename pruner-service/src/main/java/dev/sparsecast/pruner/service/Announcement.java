package dev.sparsecast.pruner.service;

import dev.sparsecast.schemas.SubModelCommand;
import dev.sparsecast.schemas.SubModelDecision;
import dev.sparsecast.schemas.SubModelRelease;
import java.util.List;
import java.util.Optional;

/**
 * What becomes known at once, or not at all.
 *
 * @param release a release, which exists from then on
 * @param decisions why
 * @param done commands that were acted on with it, which their topic then forgets
 */
record Announcement(Optional<SubModelRelease> release, List<SubModelDecision> decisions, List<SubModelCommand> done) {
    Announcement {
        decisions = List.copyOf(decisions);
        done = List.copyOf(done);
    }

    static Announcement of(SubModelRelease release) {
        return new Announcement(Optional.of(release), List.of(), List.of());
    }

    static Announcement of(SubModelDecision decision, List<SubModelCommand> done) {
        return new Announcement(Optional.empty(), List.of(decision), done);
    }

    /** What it is about, for people. */
    String label() {
        return release.map(known -> "version " + known.version() + " of sub-model '" + known.submodel() + "'")
                .orElseGet(() -> "a decision about sub-model '"
                        + decisions.stream()
                                .map(SubModelDecision::submodel)
                                .findFirst()
                                .orElse("") + "'");
    }
}
