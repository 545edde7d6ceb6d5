package dev.sparsecast.integration.rules;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The checked-out repository that the tests run in. */
final class Repository {
    private Repository() {}

    /** The directory with the parent POM: given by the build, else the first above the working directory. */
    static Path root() {
        String given = System.getProperty("sparsecast.root");
        if (given != null) {
            return Path.of(given).toAbsolutePath().normalize();
        }
        Path directory = Path.of("").toAbsolutePath();
        while (!Files.exists(directory.resolve("sparsecast"))) {
            directory = directory.getParent();
            if (directory == null) {
                throw new IllegalStateException("run the tests inside the repository, or set sparsecast.root to it");
            }
        }
        return directory;
    }

    static String parentPom() {
        return read(root().resolve("pom.xml"));
    }

    /** All {@code src/<set>/java} sources of all modules, in a fixed order; nothing under {@code target}. */
    static List<Path> javaSources() {
        return modules().stream()
                .flatMap(module -> Stream.of("main", "test", "jmh").map(set -> module.resolve("src/" + set + "/java")))
                .filter(Files::isDirectory)
                .flatMap(sources -> javaFiles(sources).stream())
                .toList();
    }

    /** The directories of the modules that the parent POM names. */
    static List<Path> modules() {
        return parentPom()
                .lines()
                .map(String::strip)
                .filter(line -> line.startsWith("<module>"))
                .map(line -> root().resolve(line.substring("<module>".length(), line.indexOf("</module>"))))
                .toList();
    }

    static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<Path> javaFiles(Path directory) {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(file -> file.toString().endsWith(".java"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
