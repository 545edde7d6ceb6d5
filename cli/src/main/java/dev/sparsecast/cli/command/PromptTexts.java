package dev.sparsecast.cli.command;

import dev.sparsecast.producers.PromptFile;
import dev.sparsecast.producers.PromptFile.BrokenLine;
import dev.sparsecast.schemas.Prompt;
import dev.sparsecast.worker.profile.PromptText;
import java.nio.file.Path;
import java.util.List;

/** Prompts for the commands that run a model over a file of them. */
final class PromptTexts {
    private static final int SHOWN_LINES = 10;

    private PromptTexts() {}

    /**
     * Reads a file, and says on standard error which of its lines are left out.
     *
     * @throws BadInputException if no line is a prompt
     */
    static PromptFile read(Path file) {
        PromptFile prompts = PromptFile.read(file);
        List<BrokenLine> broken = prompts.brokenLines();
        broken.stream().limit(SHOWN_LINES).forEach(line -> System.err.println("left out " + line));
        if (broken.size() > SHOWN_LINES) {
            System.err.println("left out " + (broken.size() - SHOWN_LINES) + " more broken lines of " + file);
        }
        if (prompts.prompts().isEmpty()) {
            throw new BadInputException(
                    "the prompt file " + file + " has no prompt; give JSON lines with id, language, domain and text");
        }
        return prompts;
    }

    static List<PromptText> texts(List<Prompt> prompts) {
        return prompts.stream()
                .map(prompt -> new PromptText(prompt.id(), prompt.language(), prompt.domain(), prompt.text()))
                .toList();
    }
}
