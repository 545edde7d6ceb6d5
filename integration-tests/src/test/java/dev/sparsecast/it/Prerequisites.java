package dev.sparsecast.it;

import static org.assertj.core.api.Assertions.fail;

import org.junit.jupiter.api.Assumptions;

/**
 * What a test needs and not every machine has. In continuous integration (CI=true) nothing may be missing; elsewhere the
 * test does not run, and {@link NotRun} lists it at the end.
 */
final class Prerequisites {
    private Prerequisites() {}

    /** Goes on if it is there; the sentence says what is missing and how to get it. */
    static void require(boolean present, String sentence) {
        if (present) {
            return;
        }
        if ("true".equals(System.getenv("CI"))) {
            fail(sentence);
        }
        Assumptions.abort(sentence);
    }
}
