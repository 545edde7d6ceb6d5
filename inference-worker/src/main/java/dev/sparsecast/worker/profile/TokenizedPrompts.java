package dev.sparsecast.worker.profile;

import dev.sparsecast.checkpoint.CheckpointException;
import dev.sparsecast.checkpoint.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Prompts as token ids, cut to a length.
 *
 * @param sequences token ids of every prompt that has any, in the order given
 * @param language the language of all prompts, or {@code mixed}
 * @param domain the domain of all prompts, or {@code mixed}
 * @param emptyPrompts prompts left out because their text has no tokens
 */
public record TokenizedPrompts(List<int[]> sequences, String language, String domain, long emptyPrompts) {
    /** Language or domain of prompts of several. */
    public static final String MIXED = "mixed";

    /**
     * Tokenizes prompts.
     *
     * @param maxTokens longer prompts are cut to so many tokens
     * @throws CheckpointException if no prompt has any token
     */
    public static TokenizedPrompts of(Iterable<PromptText> prompts, Tokenizer tokenizer, int maxTokens) {
        if (maxTokens < 1) {
            throw new IllegalArgumentException("prompts cannot be cut to " + maxTokens + " tokens; use 1 or more");
        }
        List<int[]> sequences = new ArrayList<>();
        Set<String> languages = new LinkedHashSet<>();
        Set<String> domains = new LinkedHashSet<>();
        long empty = 0;
        for (PromptText prompt : prompts) {
            int[] tokens = tokenizer.encode(prompt.text());
            if (tokens.length == 0) {
                empty++;
                continue;
            }
            sequences.add(tokens.length > maxTokens ? Arrays.copyOf(tokens, maxTokens) : tokens);
            languages.add(prompt.language());
            domains.add(prompt.domain());
        }
        if (sequences.isEmpty()) {
            throw new CheckpointException("there are no prompts with any text; check the prompts file");
        }
        return new TokenizedPrompts(sequences, common(languages), common(domains), empty);
    }

    /** Tokens of all sequences. */
    public long tokens() {
        return sequences.stream().mapToLong(sequence -> sequence.length).sum();
    }

    private static String common(Set<String> values) {
        return values.size() == 1 ? values.iterator().next() : MIXED;
    }
}
