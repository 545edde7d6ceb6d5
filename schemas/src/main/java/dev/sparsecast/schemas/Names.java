package dev.sparsecast.schemas;

import java.util.regex.Pattern;

/** What languages, domains, models and the like may be called, so that names fit into topics, keys, paths and URLs. */
public final class Names {
    private static final Pattern LABEL = Pattern.compile("[a-z0-9][a-z0-9_-]{0,63}");
    private static final Pattern REVISION = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}");

    private Names() {}

    /** Whether a text can be the name of a language or domain. */
    public static boolean isLabel(String text) {
        return LABEL.matcher(text).matches();
    }

    /**
     * Returns {@code text} if it can name a language, domain, sub-model or deployer.
     *
     * @param what what it is the name of, for the message
     * @throws IllegalArgumentException if it cannot
     */
    public static String label(String what, String text) {
        if (!isLabel(text)) {
            throw new IllegalArgumentException(what + " '" + text
                    + "' is not a valid name: use 1 to 64 of a-z, 0-9, '_' and '-', starting with a letter or digit");
        }
        return text;
    }

    /**
     * Returns {@code text} if it can name a model revision.
     *
     * @throws IllegalArgumentException if it cannot
     */
    public static String revision(String text) {
        if (!REVISION.matcher(text).matches()) {
            throw new IllegalArgumentException("model revision '" + text
                    + "' is not a valid name: use 1 to 128 of A-Z, a-z, 0-9, '.', '_', '@', '+' and '-'");
        }
        return text;
    }
}
