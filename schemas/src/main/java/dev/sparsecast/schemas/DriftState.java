package dev.sparsecast.schemas;

/** Where a group stands between "as when the release was made" and "something else". */
public enum DriftState {
    /** No release to compare with, or not enough windows yet to know the noise. */
    LEARNING,
    /** Within the noise. */
    STABLE,
    /** Above the threshold, not yet for long enough. */
    DRIFTING,
    /** Above the threshold for long enough. */
    DRIFTED
}
