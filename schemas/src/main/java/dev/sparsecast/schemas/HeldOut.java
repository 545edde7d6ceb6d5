package dev.sparsecast.schemas;

/**
 * Held-out prompts: a fixed share, chosen by a hash of the id, that is never counted into statistics; the quality gate
 * measures on them. The choice depends on nothing but the id, so every service makes the same one.
 */
public final class HeldOut {
    /** One prompt in this many is held out. */
    public static final int ONE_IN = 5;

    /** Keeps this choice independent of any other that is made by a hash of the id. */
    private static final String PURPOSE = "held-out-26:";

    private HeldOut() {}

    /** Whether the prompt of this id is held out. */
    public static boolean contains(String promptId) {
        return Long.remainderUnsigned(StableHash.of(PURPOSE + promptId), ONE_IN) == 0;
    }
}
