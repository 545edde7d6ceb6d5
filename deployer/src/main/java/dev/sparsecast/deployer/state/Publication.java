package dev.sparsecast.deployer.state;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.OptionalInt;
import java.util.function.IntPredicate;
import java.util.regex.Pattern;

/**
 * Shows one complete version to whoever serves it. Each change is one rename, so others see what was in use before or what
 * is in use after it, and nothing between.
 */
sealed interface Publication permits LinkedPublication, NumberedPublication {
    /** What the number of a version looks like as a name. */
    Pattern VERSION = Pattern.compile("[1-9][0-9]{0,8}");

    /** The publication of a layout in a sub-model's directory. */
    static Publication of(Layout layout, Path root) {
        return switch (layout) {
            case LINK -> new LinkedPublication(root);
            case VERSIONS -> new NumberedPublication(root);
        };
    }

    /** Where markers, staging directory and versions that nobody is to see yet are. */
    Path home();

    /**
     * Puts right what was changed by others since the last time.
     *
     * @throws StateException if there is something that is not the deployer's to change
     */
    void recover(IntPredicate isComplete) throws IOException;

    /** The version in use. */
    OptionalInt current() throws IOException;

    /** When the version in use came into use. */
    Instant switchedAt() throws IOException;

    /** Where a complete version is. */
    Path directory(int version);

    /** Puts a complete version into use. */
    void switchTo(int version) throws IOException;

    /** Puts nothing into use. */
    void leave() throws IOException;

    /** Hides a version that is not in use, before it is removed. */
    void hide(int version) throws IOException;
}
