package dev.sparsecast.producers;

import dev.sparsecast.schemas.Names;
import dev.sparsecast.schemas.Prompt;
import dev.sparsecast.schemas.StableHash;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Source files of a directory tree, cut into prompts at blank lines. */
public final class SourceTree {
    private static final int PROMPT_CHARACTERS = 900;
    private static final int SHORTEST_PROMPT = 80;
    private static final long LARGEST_FILE = 1 << 20;
    private static final Set<String> SKIPPED_DIRECTORIES =
            Set.of("node_modules", "target", "build", "dist", "out", "venv", "vendor", "third_party", "__pycache__");
    private static final Map<String, List<String>> EXTENSIONS = new TreeMap<>(Map.ofEntries(
            Map.entry("python", List.of(".py")),
            Map.entry("java", List.of(".java")),
            Map.entry("cpp", List.of(".cpp", ".cc", ".cxx", ".hpp", ".hh", ".h")),
            Map.entry("c", List.of(".c", ".h")),
            Map.entry("javascript", List.of(".js", ".mjs", ".jsx")),
            Map.entry("typescript", List.of(".ts", ".tsx")),
            Map.entry("go", List.of(".go")),
            Map.entry("rust", List.of(".rs")),
            Map.entry("csharp", List.of(".cs")),
            Map.entry("kotlin", List.of(".kt")),
            Map.entry("scala", List.of(".scala")),
            Map.entry("ruby", List.of(".rb")),
            Map.entry("php", List.of(".php")),
            Map.entry("swift", List.of(".swift")),
            Map.entry("shell", List.of(".sh"))));

    private SourceTree() {}

    /**
     * Reads the prompts of a tree, ordered by path. Hidden directories, build outputs, vendored code, symbolic links, files
     * over 1 MiB and files that are no UTF-8 text are passed over. A prompt's id depends on its path and text only.
     *
     * @throws PromptSourceException if there is no such directory, the language is unknown, or it has no file in the tree
     */
    public static List<Prompt> read(Path directory, String language) {
        List<String> extensions = EXTENSIONS.get(Names.label("language", language));
        if (extensions == null) {
            throw new PromptSourceException(
                    "unknown language '" + language + "'; known are " + String.join(", ", EXTENSIONS.keySet()));
        }
        if (!Files.isDirectory(directory)) {
            throw new PromptSourceException("there is no directory " + directory);
        }
        List<Prompt> prompts = new ArrayList<>();
        for (Path file : files(directory, extensions)) {
            prompts.addAll(prompts(directory, file, language));
        }
        if (prompts.isEmpty()) {
            throw new PromptSourceException("there are no " + language + " files (" + String.join(", ", extensions)
                    + ") with enough text under " + directory);
        }
        return prompts;
    }

    private static List<Path> files(Path directory, List<String> extensions) {
        List<Path> files = new ArrayList<>();
        try {
            Files.walkFileTree(directory, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult preVisitDirectory(Path visited, BasicFileAttributes attributes) {
                    String name = String.valueOf(visited.getFileName());
                    boolean skipped =
                            !visited.equals(directory) && (name.startsWith(".") || SKIPPED_DIRECTORIES.contains(name));
                    return skipped ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
                    if (attributes.isRegularFile()
                            && attributes.size() <= LARGEST_FILE
                            && !name.contains(".min.")
                            && extensions.stream().anyMatch(name::endsWith)) {
                        files.add(file);
                    }
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFileFailed(Path file, IOException e) {
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            throw new PromptSourceException("cannot read the directory " + directory + ": " + e, e);
        }
        files.sort(null);
        return files;
    }

    private static List<Prompt> prompts(Path directory, Path file, String language) {
        String text;
        try {
            text = Files.readString(file);
        } catch (CharacterCodingException e) {
            return List.of();
        } catch (IOException e) {
            throw new PromptSourceException("cannot read " + file + ": " + e, e);
        }
        String path = directory.relativize(file).toString().replace('\\', '/');
        List<Prompt> prompts = new ArrayList<>();
        for (String piece : cut(text)) {
            String id =
                    language + "-" + String.format("%016x", StableHash.of(path + "\n" + prompts.size() + "\n" + piece));
            prompts.add(new Prompt(id, language, "code", piece, path, Map.of()));
        }
        return prompts;
    }

    /** Pieces of about {@value #PROMPT_CHARACTERS} characters that end at blank lines where there are any. */
    static List<String> cut(String text) {
        List<String> pieces = new ArrayList<>();
        StringBuilder piece = new StringBuilder();
        for (String line : text.split("\r?\n", -1)) {
            boolean full =
                    piece.length() >= PROMPT_CHARACTERS / 2 && line.isBlank() || piece.length() >= PROMPT_CHARACTERS;
            if (full) {
                addPiece(pieces, piece);
            }
            piece.append(line).append('\n');
        }
        addPiece(pieces, piece);
        return pieces;
    }

    private static void addPiece(List<String> pieces, StringBuilder piece) {
        String text = piece.toString().strip();
        if (text.length() >= SHORTEST_PROMPT) {
            pieces.add(text);
        }
        piece.setLength(0);
    }
}
