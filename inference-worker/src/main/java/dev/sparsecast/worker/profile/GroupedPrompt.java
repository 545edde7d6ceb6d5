package dev.sparsecast.worker.profile;

/**
 * A prompt as the model takes it, and the group that it counts for.
 *
 * @param tokens token ids, at least one and at most as many as the model has positions; not to be changed
 */
@SuppressWarnings("ArrayRecordComponent") // handed on from the tokenizer to the model
public record GroupedPrompt(PromptGroup group, int[] tokens) {}
