package dev.sparsecast.store;

import java.util.regex.Pattern;

/** What artifacts may be called, so that a name means the same in every kind of store and never leaves it. */
public final class ArtifactNames {
    private static final Pattern SEGMENT = Pattern.compile("[A-Za-z0-9._@+-]{1,255}");
    private static final int LONGEST = 1000;

    private ArtifactNames() {}

    /**
     * Returns {@code name} if it can name an artifact: segments of {@code [A-Za-z0-9._@+-]} separated by {@code /}, none
     * of them empty, {@code .} or {@code ..}.
     *
     * @throws StoreException if it cannot
     */
    public static String check(String name) {
        if (name.isEmpty()) {
            throw refused(name, "it is empty");
        }
        if (name.length() > LONGEST) {
            throw refused(name.substring(0, 40) + "...", "it is longer than " + LONGEST + " characters");
        }
        if (name.startsWith("/")) {
            throw refused(name, "it is absolute");
        }
        for (String segment : name.split("/", -1)) {
            checkSegment(name, segment);
        }
        return name;
    }

    /** Whether {@code name} can name an artifact. */
    static boolean isOne(String name) {
        try {
            check(name);
            return true;
        } catch (StoreException e) {
            return false;
        }
    }

    private static void checkSegment(String name, String segment) {
        if (segment.isEmpty()) {
            throw refused(name, "it has an empty segment");
        }
        if (segment.equals(".") || segment.equals("..")) {
            throw refused(name, "the segment '" + segment + "' could lead out of the store");
        }
        if (!SEGMENT.matcher(segment).matches()) {
            throw refused(
                    name,
                    "the segment '" + segment + "' has other characters than A-Z, a-z, 0-9, '.', '_', '@', '+' and '-'"
                            + " or is longer than 255");
        }
    }

    private static StoreException refused(String name, String why) {
        return new StoreException("'" + name + "' cannot name an artifact: " + why);
    }
}
