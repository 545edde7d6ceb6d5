package dev.sparsecast.checkpoint.hub;

import dev.sparsecast.checkpoint.CheckpointException;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which model of a hub, and which state of it.
 *
 * @param organization who publishes it
 * @param name its name
 * @param revision a branch, a tag or a commit
 */
record HubId(String organization, String name, String revision) {
    private static final String DEFAULT_REVISION = "main";
    private static final Pattern FORM = Pattern.compile("([^/@]+)/([^/@]+)(?:@(.*))?", Pattern.DOTALL);
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?");
    private static final Pattern REVISION = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._/-]{0,254}");
    private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");

    /**
     * Reads {@code org/name[@revision]}; empty if the text has another form.
     *
     * @throws CheckpointException if the form is right, but the revision cannot be one
     */
    static Optional<HubId> parse(String text) {
        Matcher parts = FORM.matcher(text);
        if (!parts.matches() || !isName(parts.group(1)) || !isName(parts.group(2))) {
            return Optional.empty();
        }
        String revision = parts.group(3) == null ? DEFAULT_REVISION : parts.group(3);
        if (!REVISION.matcher(revision).matches() || revision.contains("..") || revision.contains("//")) {
            throw new CheckpointException("'" + revision + "' is no revision of " + parts.group(1) + "/"
                    + parts.group(2) + "; give the name of a branch or tag, or a commit");
        }
        return Optional.of(new HubId(parts.group(1), parts.group(2), revision));
    }

    /** Hubs refuse names with {@code --}, which separates them in the cache, and with {@code ..}. */
    private static boolean isName(String text) {
        return NAME.matcher(text).matches() && !text.contains("--") && !text.contains("..");
    }

    /** Whether a text is the full hash of a commit. */
    static boolean isCommit(String text) {
        return COMMIT.matcher(text).matches();
    }

    /** {@code org/name}. */
    String model() {
        return organization + "/" + name;
    }

    @Override
    public String toString() {
        return model() + "@" + revision;
    }
}
