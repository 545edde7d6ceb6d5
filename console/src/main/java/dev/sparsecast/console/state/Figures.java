package dev.sparsecast.console.state;

import org.jspecify.annotations.Nullable;

/** Figures for JSON, which knows no infinity. */
final class Figures {
    private Figures() {}

    /** The value, or nothing if it is no finite number. */
    static @Nullable Double finite(double value) {
        return Double.isFinite(value) ? value : null;
    }
}
