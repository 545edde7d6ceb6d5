package dev.sparsecast.schemas;

import java.util.List;

/**
 * What statistics are kept for.
 *
 * @param model revision of the model, such as {@code tiny-coder@0123456789ab}
 * @param language programming language or natural language code
 * @param domain {@code code}, {@code math}, ...
 */
public record GroupKey(String model, String language, String domain) implements Comparable<GroupKey> {
    public GroupKey {
        Names.revision(model);
        Names.label("language", language);
        Names.label("domain", domain);
    }

    /**
     * The group of a key {@code model/language/domain}.
     *
     * @throws IllegalArgumentException if it is none
     */
    public static GroupKey parse(String key) {
        List<String> parts = List.of(key.split("/", -1));
        if (parts.size() != 3) {
            throw new IllegalArgumentException("key '" + key + "' is not of the form model/language/domain");
        }
        return new GroupKey(parts.get(0), parts.get(1), parts.get(2));
    }

    /** The key of one decoder block of this group. */
    public LayerKey layer(int layer) {
        return new LayerKey(this, layer);
    }

    @Override
    public int compareTo(GroupKey other) {
        return toString().compareTo(other.toString());
    }

    /** The key as it stands on the wire. */
    @Override
    public String toString() {
        return model + "/" + language + "/" + domain;
    }
}
