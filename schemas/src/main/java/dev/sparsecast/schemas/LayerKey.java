package dev.sparsecast.schemas;

/**
 * One decoder block of a group: the key of norms and statistics.
 *
 * @param layer index of the decoder block, from 0
 */
public record LayerKey(GroupKey group, int layer) {
    public LayerKey {
        if (layer < 0) {
            throw new IllegalArgumentException("layer " + layer + " of " + group + " is negative");
        }
    }

    /**
     * The key of {@code model/language/domain/layer}.
     *
     * @throws IllegalArgumentException if it is none
     */
    public static LayerKey parse(String key) {
        int slash = key.lastIndexOf('/');
        try {
            if (slash > 0) {
                return new LayerKey(
                        GroupKey.parse(key.substring(0, slash)), Integer.parseInt(key, slash + 1, key.length(), 10));
            }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("key '" + key + "' does not end in a layer number", e);
        }
        throw new IllegalArgumentException("key '" + key + "' is not of the form model/language/domain/layer");
    }

    /** The key as it stands on the wire. */
    @Override
    public String toString() {
        return group + "/" + layer;
    }
}
