package dev.sparsecast.checkpoint;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Typed access to the fields of {@code config.json} or of an object in it. A field that is null counts as absent unless a
 * method says otherwise; a value of the wrong kind is refused by name.
 *
 * @param file the file, for complaints
 * @param object the JSON object
 */
record ConfigFields(Path file, JsonNode object) {

    /** A field's value; null if it is absent or null. */
    @Nullable
    JsonNode present(String name) {
        JsonNode node = object.get(name);
        return node == null || node.isNull() ? null : node;
    }

    private JsonNode needed(String name) {
        JsonNode node = present(name);
        if (node == null) {
            throw new CheckpointException(file + " has no " + name);
        }
        return node;
    }

    /** Whether the field is written, be it as null. */
    boolean has(String name) {
        return object.has(name);
    }

    String text(String name, String otherwise) {
        JsonNode node = present(name);
        if (node != null && !node.isString()) {
            throw refused(name, node, "expected a string");
        }
        return node == null ? otherwise : node.stringValue();
    }

    boolean flag(String name, boolean otherwise) {
        JsonNode node = present(name);
        if (node != null && !node.isBoolean()) {
            throw refused(name, node, "expected true or false");
        }
        return node == null ? otherwise : node.booleanValue();
    }

    /** A positive whole number that must be there. */
    int size(String name) {
        JsonNode node = needed(name);
        if (!node.isIntegralNumber() || !node.canConvertToInt() || node.intValue() <= 0) {
            throw refused(name, node, "expected a positive whole number");
        }
        return node.intValue();
    }

    int size(String name, int otherwise) {
        return present(name) == null ? otherwise : size(name);
    }

    /** A whole number that may be zero. */
    int count(String name, int otherwise) {
        JsonNode node = present(name);
        if (node != null && (!node.isIntegralNumber() || !node.canConvertToInt() || node.intValue() < 0)) {
            throw refused(name, node, "expected a whole number");
        }
        return node == null ? otherwise : node.intValue();
    }

    /** A positive number that must be there. */
    double positive(String name) {
        JsonNode node = needed(name);
        if (!node.isNumber() || !(node.doubleValue() > 0) || Double.isInfinite(node.doubleValue())) {
            throw refused(name, node, "expected a positive number");
        }
        return node.doubleValue();
    }

    double positive(String name, double otherwise) {
        return present(name) == null ? otherwise : positive(name);
    }

    /** The complaint about a field whose value is not what it must be. */
    CheckpointException refused(String name, @Nullable JsonNode value, String expected) {
        return new CheckpointException(file + " has the " + name + " " + value + ", " + expected);
    }

    /** The complaint about a field whose value would change the computation in a way that is not implemented. */
    CheckpointException notSupported(String name, Object value, String supported) {
        return new CheckpointException(
                file + " has " + name + " " + value + ", which is not supported; supported is " + supported);
    }
}
