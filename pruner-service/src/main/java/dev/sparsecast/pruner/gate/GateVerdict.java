package dev.sparsecast.pruner.gate;

import dev.sparsecast.schemas.SubModelRelease.Quality;

/** What the gate says of a candidate. */
public sealed interface GateVerdict {
    /** Good enough. */
    record Promoted(Quality quality, String reason) implements GateVerdict {}

    /** Measured and found worse than allowed. */
    record Rejected(Quality quality, String reason) implements GateVerdict {}

    /** Measured, but neither shown to be good enough nor to be worse; more prompts will tell. */
    record Held(Quality quality, String reason) implements GateVerdict {}

    /** Not enough held-out prompts to measure on. */
    record Undecided(String reason) implements GateVerdict {}
}
