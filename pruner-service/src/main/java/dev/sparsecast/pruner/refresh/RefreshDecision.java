package dev.sparsecast.pruner.refresh;

import dev.sparsecast.schemas.SubModelRelease.Trigger;

/** What to do about a sub-model now. */
public sealed interface RefreshDecision {
    /** Make a candidate. */
    record Release(Trigger trigger) implements RefreshDecision {}

    /** Nothing yet, and why. */
    record Wait(String reason) implements RefreshDecision {}
}
