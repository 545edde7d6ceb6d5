package dev.sparsecast.producers;

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
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;

/** Source files of a directory tree, cut into prompts at blank lines. */
public final class SourceTree {
    private static final int PROMPT_CHARACTERS = 900;
    private static final int SHORTEST_PROMPT = 80;
    private static final long LARGEST_FILE = 1 << 20;
    private static final Set<String> SKIPPED_DIRECTORIES = Set.of(
            "node_modules",
            "bower_components",
            "target",
            "build",
            "dist",
            "out",
            "obj",
            "venv",
            "site-packages",
            "__pycache__",
            "vendor",
            "vendored",
            "third_party",
            "thirdparty",
            "third-party");

    /** In every virtual environment of Python, whatever its name. */
    private static final String PYTHON_ENVIRONMENT = "pyvenv.cfg";

    private SourceTree() {}

    /**
     * How a tree is read.
     *
     * @param promptCharacters about how long a prompt is; a whole line more, or half of it, if that ends at a blank line
     * @param source what stands as the prompts' source; empty: each file's path
     * @param shuffleSeed order of the prompts; empty: by path
     */
    public record Options(int promptCharacters, Optional<String> source, OptionalLong shuffleSeed) {
        public static final Options DEFAULT = new Options(PROMPT_CHARACTERS, Optional.empty(), OptionalLong.empty());

        public Options {
            if (promptCharacters < SHORTEST_PROMPT) {
                throw new PromptSourceException(
                        "a prompt must have at least " + SHORTEST_PROMPT + " characters, not " + promptCharacters);
            }
        }
    }

    /** Reads the prompts of a tree with {@link Options#DEFAULT}. */
    public static List<Prompt> read(Path directory, String language) {
        return read(directory, language, Options.DEFAULT);
    }

    /**
     * Reads the prompts of a tree. Hidden directories, build outputs, vendored code, symbolic links, generated and minified
     * files, files over 1 MiB and files that are no UTF-8 text are passed over. A prompt's id depends on its path, its place
     * in the file and its text only.
     *
     * @throws PromptSourceException if there is no such directory, the language is unknown, or it has no file in the tree
     */
    public static List<Prompt> read(Path directory, String language, Options options) {
        ProgrammingLanguage known = ProgrammingLanguage.named(language);
        if (!Files.isDirectory(directory)) {
            throw new PromptSourceException("there is no directory " + directory);
        }
        List<Prompt> prompts = new ArrayList<>();
        try {
            // The tree may be given by a link; links inside it are not followed.
            Path root = directory.toRealPath();
            for (Path file : files(root, known)) {
                prompts.addAll(prompts(root, file, known, options));
            }
        } catch (IOException e) {
            throw new PromptSourceException("cannot read the directory " + directory + ": " + e, e);
        }
        if (prompts.isEmpty()) {
            throw new PromptSourceException("there are no " + language + " files ("
                    + String.join(", ", known.extensions()) + ") with enough text under " + directory);
        }
        options.shuffleSeed().ifPresent(seed -> Collections.shuffle(prompts, new Random(seed)));
        return prompts;
    }

    private static List<Path> files(Path root, ProgrammingLanguage language) throws IOException {
        List<Path> files = new ArrayList<>();
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path visited, BasicFileAttributes attributes) {
                return !visited.equals(root) && isSkipped(visited)
                        ? FileVisitResult.SKIP_SUBTREE
                        : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                String name = String.valueOf(file.getFileName());
                if (attributes.isRegularFile()
                        && attributes.size() <= LARGEST_FILE
                        && language.owns(name)
                        && !GeneratedCode.isName(name)) {
                    files.add(file);
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) {
                return FileVisitResult.CONTINUE;
            }
        });
        files.sort(null);
        return files;
    }

    private static boolean isSkipped(Path directory) {
        String name = String.valueOf(directory.getFileName());
        return name.startsWith(".")
                || SKIPPED_DIRECTORIES.contains(name.toLowerCase(Locale.ROOT))
                || Files.exists(directory.resolve(PYTHON_ENVIRONMENT));
    }

    private static List<Prompt> prompts(Path root, Path file, ProgrammingLanguage language, Options options) {
        String text;
        try {
            text = Files.readString(file);
        } catch (CharacterCodingException e) {
            return List.of();
        } catch (IOException e) {
            throw new PromptSourceException("cannot read " + file + ": " + e, e);
        }
        if (text.indexOf('\0') >= 0 || GeneratedCode.isText(text)) {
            return List.of();
        }
        String path = root.relativize(file).toString().replace('\\', '/');
        List<Prompt> prompts = new ArrayList<>();
        for (String piece : cut(text, options.promptCharacters())) {
            String hash = String.format("%016x", StableHash.of(path + "\n" + prompts.size() + "\n" + piece));
            prompts.add(new Prompt(
                    language.name() + "-" + hash,
                    language.name(),
                    "code",
                    piece,
                    options.source().orElse(path),
                    Map.of()));
        }
        return prompts;
    }

    /** Pieces of about so many characters that end at blank lines where there are any. */
    static List<String> cut(String text, int characters) {
        List<String> pieces = new ArrayList<>();
        StringBuilder piece = new StringBuilder();
        for (String line : text.split("\r?\n", -1)) {
            boolean full = piece.length() >= characters / 2 && line.isBlank() || piece.length() >= characters;
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
