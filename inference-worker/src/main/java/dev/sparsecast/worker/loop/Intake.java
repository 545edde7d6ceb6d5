package dev.sparsecast.worker.loop;

import dev.sparsecast.worker.profile.GroupedPrompt;
import dev.sparsecast.worker.profile.PromptGroup;

/** What becomes of one record of a prompts topic. */
sealed interface Intake {

    /**
     * It goes through the model.
     *
     * @param cut whether the prompt was longer than allowed
     */
    record Accepted(GroupedPrompt prompt, String source, boolean cut) implements Intake {}

    /** It is kept for the quality gate and never counted. */
    record HeldOut() implements Intake {}

    /**
     * It could be counted, but its source has had enough counted of its group for now.
     *
     * @param tokens tokens that are not counted
     * @param reason a sentence for the dead letter, if it becomes one
     */
    record OverShare(PromptGroup group, int tokens, SourceCap.Excess excess, String reason) implements Intake {}

    /**
     * It cannot be processed, ever.
     *
     * @param oversize whether that is because it is longer than allowed
     */
    record Rejected(String reason, boolean oversize) implements Intake {
        Rejected(String reason) {
            this(reason, false);
        }
    }
}
