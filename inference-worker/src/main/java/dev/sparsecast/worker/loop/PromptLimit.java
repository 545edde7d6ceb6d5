package dev.sparsecast.worker.loop;

/**
 * How long a prompt may be, and what becomes of a longer one. Workers of one group should have the same limit, or the
 * statistics depend on who read a prompt.
 *
 * @param tokens most tokens; the model's positions are a limit besides
 * @param oversize what becomes of a longer prompt
 */
public record PromptLimit(int tokens, Oversize oversize) {
    /** The model's positions; longer prompts are cut. */
    public static final PromptLimit POSITIONS = new PromptLimit(Integer.MAX_VALUE, Oversize.CUT);

    /** What becomes of a prompt that is too long. */
    public enum Oversize {
        /** Its head is counted: in a causal model the activations there are those that the whole prompt would have. */
        CUT,
        /** It goes to the dead letters, uncounted. */
        REJECT
    }

    public PromptLimit {
        if (tokens < 1) {
            throw new IllegalArgumentException("prompts cannot be limited to " + tokens + " tokens; use 1 or more");
        }
    }

    /** The same, but never more than the model's positions. */
    PromptLimit within(int maxPositions) {
        return new PromptLimit(Math.min(tokens, maxPositions), oversize);
    }
}
