package dev.sparsecast.producers;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A programming language as prompts name it.
 *
 * @param name the name in topics and groups
 * @param extensions how its files end
 * @param tags other names that fenced code blocks give it
 */
public record ProgrammingLanguage(String name, List<String> extensions, List<String> tags) {
    /** All that are known, by name. */
    public static final List<ProgrammingLanguage> ALL = List.of(
            language("c", List.of(".c", ".h")),
            language("cpp", List.of(".cpp", ".cc", ".cxx", ".hpp", ".hh", ".hxx", ".h"), "c++", "cc", "cxx"),
            language("csharp", List.of(".cs"), "c#", "cs"),
            language("dart", List.of(".dart")),
            language("elixir", List.of(".ex", ".exs")),
            language("go", List.of(".go"), "golang"),
            language("haskell", List.of(".hs"), "hs"),
            language("java", List.of(".java")),
            language("javascript", List.of(".js", ".mjs", ".cjs", ".jsx"), "js", "jsx", "node"),
            language("julia", List.of(".jl"), "jl"),
            language("kotlin", List.of(".kt", ".kts"), "kt"),
            language("lua", List.of(".lua")),
            language("perl", List.of(".pl", ".pm"), "pl"),
            language("php", List.of(".php")),
            language("python", List.of(".py", ".pyi"), "py", "python3", "ipython"),
            language("r", List.of(".r")),
            language("ruby", List.of(".rb"), "rb"),
            language("rust", List.of(".rs"), "rs"),
            language("scala", List.of(".scala", ".sc")),
            language("shell", List.of(".sh", ".bash", ".zsh"), "sh", "bash", "zsh"),
            language("sql", List.of(".sql")),
            language("swift", List.of(".swift")),
            language("typescript", List.of(".ts", ".tsx", ".mts", ".cts"), "ts", "tsx"));

    public ProgrammingLanguage {
        extensions = List.copyOf(extensions);
        tags = List.copyOf(tags);
    }

    private static ProgrammingLanguage language(String name, List<String> extensions, String... tags) {
        return new ProgrammingLanguage(name, extensions, List.of(tags));
    }

    /**
     * The language of a name.
     *
     * @throws PromptSourceException if it is not known
     */
    public static ProgrammingLanguage named(String name) {
        return ALL.stream()
                .filter(language -> language.name.equals(name))
                .findFirst()
                .orElseThrow(() -> new PromptSourceException("unknown language '" + name + "'; known are "
                        + String.join(
                                ", ",
                                ALL.stream().map(ProgrammingLanguage::name).toList())));
    }

    /** The language that a fenced code block's tag means, if it means one. */
    public static Optional<ProgrammingLanguage> ofTag(String tag) {
        String lower = tag.toLowerCase(Locale.ROOT);
        return ALL.stream()
                .filter(language -> language.name.equals(lower) || language.tags.contains(lower))
                .findFirst();
    }

    /** Whether a file of this name is in this language. */
    boolean owns(String fileName) {
        String lower = fileName.toLowerCase(Locale.ROOT);
        return extensions.stream().anyMatch(lower::endsWith);
    }
}
