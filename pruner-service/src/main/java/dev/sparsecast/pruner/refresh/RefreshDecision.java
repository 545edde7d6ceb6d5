package dev.sparsecast.pruner.refresh;

import dev.sparsecast.schemas.SubModelRelease.Trigger;

/** What to do about a sub-model now, and why. */
public sealed interface RefreshDecision {
    /** A sentence for people. */
    String reason();

    /** Make a candidate. */
    record Release(Trigger trigger, String reason) implements RefreshDecision {}

    /** Nothing yet. */
    record Wait(Obstacle obstacle, String reason) implements RefreshDecision {}

    /** What is waited for. */
    enum Obstacle {
        /** A complete snapshot of every group. */
        SNAPSHOT,
        /** The minima of tokens, prompts and sources. */
        MINIMUM,
        /** Held-out prompts to measure on. */
        HELD_OUT,
        /** Somebody to end a pause. */
        PAUSED,
        /** Somebody to unpin the release in use. */
        PINNED,
        /** More held-out prompts than those that did not tell. */
        EVIDENCE,
        /** Anything at all that is not in the release in use. */
        NEWS,
        /** Another snapshot than the one whose candidate was rejected. */
        REJECTED,
        /** The end of the interval between releases. */
        INTERVAL,
        /** A reason to release again. */
        TRIGGER
    }
}
