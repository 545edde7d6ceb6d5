package dev.sparsecast.cli.command;

/** The check of {@code --max-tokens}. */
final class MaxTokens {
    private MaxTokens() {}

    static void check(int maxTokens) {
        if (maxTokens < 1) {
            throw new BadInputException("--max-tokens must be at least 1, not " + maxTokens + ".");
        }
    }
}
