package dev.sparsecast.worker.loop;

import dev.sparsecast.worker.profile.PromptGroup;

/** What becomes of one record of a prompts topic. */
sealed interface Intake {

    /**
     * It goes through the model.
     *
     * @param tokens token ids, at most as many as the model has positions
     * @param cut whether the prompt had more
     */
    @SuppressWarnings("ArrayRecordComponent") // handed straight on to the profiler
    record Accepted(PromptGroup group, String source, int[] tokens, boolean cut) implements Intake {}

    /** It is kept for the quality gate and never counted. */
    record HeldOut() implements Intake {}

    /** It cannot be processed, ever. */
    record Rejected(String reason) implements Intake {}
}
