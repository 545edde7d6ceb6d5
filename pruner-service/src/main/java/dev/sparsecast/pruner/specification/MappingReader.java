package dev.sparsecast.pruner.specification;

import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;

/**
 * One mapping of a file, read key by key. What is wrong is added to the list of problems with its path, and reading goes
 * on with a value that stands in, so that one reading finds everything.
 */
final class MappingReader {
    /** Above this, doubles no longer tell whole numbers apart. */
    private static final double LARGEST_WHOLE = 1L << 53;

    private final String path;
    private final JsonNode node;
    private final List<String> problems;

    /** @param node the mapping; a missing one is empty */
    MappingReader(String path, JsonNode node, List<String> problems, List<String> known) {
        this.path = path;
        this.node = node;
        this.problems = problems;
        if (!node.isMissingNode() && !node.isObject()) {
            problems.add(
                    (path.isEmpty() ? "the file" : path) + ": must be a mapping with keys such as " + known.getFirst());
        }
        for (String key : node.propertyNames()) {
            if (!known.contains(key)) {
                problem(key, "unknown; known are " + String.join(", ", new TreeSet<>(known)));
            }
        }
    }

    String pathOf(String key) {
        return path.isEmpty() ? key : path + "." + key;
    }

    void problem(String key, String what) {
        problems.add(pathOf(key) + ": " + what);
    }

    boolean has(String key) {
        return !node.path(key).isMissingNode();
    }

    JsonNode child(String key) {
        return node.path(key);
    }

    /** The elements of a list; empty if there is no such key. */
    List<JsonNode> list(String key, String ofWhat) {
        JsonNode value = node.path(key);
        if (value.isArray()) {
            return List.copyOf(value.values());
        }
        if (!value.isMissingNode()) {
            problem(key, "must be a list of " + ofWhat);
        }
        return List.of();
    }

    Optional<String> text(String key) {
        JsonNode value = node.path(key);
        if (value.isMissingNode()) {
            return Optional.empty();
        }
        if (!value.isString() || value.asString().isBlank()) {
            problem(key, "must be a text");
            return Optional.empty();
        }
        return Optional.of(value.asString());
    }

    /** A text that has to be there. */
    Optional<String> requiredText(String key) {
        if (!has(key)) {
            problem(key, "is missing");
        }
        return text(key);
    }

    OptionalDouble number(String key) {
        JsonNode value = node.path(key);
        if (value.isMissingNode()) {
            return OptionalDouble.empty();
        }
        if (!value.isNumber() || !Double.isFinite(value.asDouble())) {
            problem(key, "must be a number");
            return OptionalDouble.empty();
        }
        return OptionalDouble.of(value.asDouble());
    }

    double positive(String key, double missing) {
        double value = number(key).orElse(missing);
        if (!(value > 0)) {
            problem(key, "must be a number above 0, not " + value);
            return missing;
        }
        return value;
    }

    /** A number above 0 and at most 1. */
    double share(String key, double missing) {
        double value = number(key).orElse(missing);
        if (!(value > 0 && value <= 1)) {
            problem(key, "must be a share above 0 and at most 1, not " + value);
            return missing;
        }
        return value;
    }

    long whole(String key, long least, long missing) {
        double value = number(key).orElse(missing);
        if (value != Math.rint(value) || value < least || value > LARGEST_WHOLE) {
            problem(
                    key,
                    "must be a whole number of at least " + least + ", not "
                            + node.path(key).asString(""));
            return missing;
        }
        return (long) value;
    }

    boolean truth(String key, boolean missing) {
        JsonNode value = node.path(key);
        if (value.isMissingNode()) {
            return missing;
        }
        if (!value.isBoolean()) {
            problem(key, "must be true or false");
            return missing;
        }
        return value.asBoolean();
    }

    /** A duration such as {@code 500ms}, {@code 90s}, {@code 10m}, {@code 12h} or {@code 7d}, or as ISO 8601 has it. */
    Optional<Duration> duration(String key) {
        Optional<String> text = text(key);
        if (text.isEmpty()) {
            return Optional.empty();
        }
        try {
            Duration duration = parse(text.get().strip().toUpperCase(Locale.ROOT));
            if (duration.isNegative()) {
                problem(key, "must not be negative");
                return Optional.empty();
            }
            return Optional.of(duration);
        } catch (DateTimeParseException | ArithmeticException | NumberFormatException e) {
            problem(key, "must be a duration such as 90s, 10m, 12h or 7d, not '" + text.get() + "'");
            return Optional.empty();
        }
    }

    private static Duration parse(String text) {
        if (text.startsWith("P") || text.startsWith("-P")) {
            return Duration.parse(text);
        }
        if (text.endsWith("MS")) {
            return Duration.ofMillis(Long.parseLong(text.substring(0, text.length() - 2)));
        }
        return Duration.parse(text.endsWith("D") ? "P" + text : "PT" + text);
    }

    /** Paths and values of a list, one reader for each mapping in it. */
    List<MappingReader> mappings(String key, String ofWhat, List<String> known) {
        List<MappingReader> readers = new ArrayList<>();
        List<JsonNode> elements = list(key, ofWhat);
        for (int i = 0; i < elements.size(); i++) {
            readers.add(new MappingReader(pathOf(key) + "[" + i + "]", elements.get(i), problems, known));
        }
        return readers;
    }

    MappingReader mapping(String key, List<String> known) {
        return new MappingReader(pathOf(key), node.path(key), problems, known);
    }
}
