package dev.sparsecast.cli.demo;

import dev.sparsecast.producers.PromptFile;
import dev.sparsecast.producers.SourceTree;
import dev.sparsecast.schemas.HeldOut;
import dev.sparsecast.schemas.Prompt;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The prompts of the story.
 *
 * @param first the six kinds of phase 1, by the name of the sub-model that each makes
 * @param shift what the Python traffic becomes in phase 2
 */
record Traffic(Map<String, List<Prompt>> first, List<Prompt> shift) {
    static final String SHIFTED = "python";
    static final String SHIFT = "python-data";
    private static final List<String> KINDS = List.of("python", "java", "cpp", "javascript", "math", "commonsense");
    private static final int MOST_OWN_PROMPTS = 120;

    /** The user's own code. */
    record OwnCode(Path directory, String language) {}

    static Traffic read(Path prompts, Optional<OwnCode> ownCode) {
        Map<String, List<Prompt>> first = new LinkedHashMap<>();
        for (String kind : KINDS) {
            first.put(kind, PromptFile.read(prompts.resolve(kind + ".jsonl")).prompts());
        }
        ownCode.ifPresent(own -> {
            List<Prompt> pieces = SourceTree.read(own.directory(), own.language());
            List<Prompt> all = new ArrayList<>(first.getOrDefault(own.language(), List.of()));
            all.addAll(pieces.subList(0, Math.min(MOST_OWN_PROMPTS, pieces.size())));
            first.put(own.language(), List.copyOf(all));
        });
        return new Traffic(
                first, PromptFile.read(prompts.resolve(SHIFT + ".jsonl")).prompts());
    }

    /** The prompts of phase 1 as they come: one of each kind in turn, for as long as there are any. */
    List<Prompt> interleaved() {
        List<Prompt> prompts = new ArrayList<>();
        int longest = first.values().stream().mapToInt(List::size).max().orElse(0);
        for (int i = 0; i < longest; i++) {
            for (List<Prompt> kind : first.values()) {
                // spread evenly, so that short kinds do not end early
                int from = (int) ((long) i * kind.size() / longest);
                int to = (int) ((long) (i + 1) * kind.size() / longest);
                prompts.addAll(kind.subList(from, to));
            }
        }
        return prompts;
    }

    static List<Prompt> heldOut(List<Prompt> prompts) {
        return prompts.stream().filter(prompt -> HeldOut.contains(prompt.id())).toList();
    }

    static long counted(List<Prompt> prompts) {
        return prompts.stream().filter(prompt -> !HeldOut.contains(prompt.id())).count();
    }
}
