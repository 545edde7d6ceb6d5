package dev.sparsecast.producers.tap;

import dev.sparsecast.schemas.Prompt;
import java.util.List;

/** Where the tap's prompts go. */
@FunctionalInterface
public interface PromptSink {
    /**
     * Sends prompts, and returns once they are safe.
     *
     * @throws dev.sparsecast.producers.PromptSourceException if they cannot be sent
     */
    void send(List<Prompt> prompts);
}
