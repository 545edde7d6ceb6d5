package dev.sparsecast.cli.stack;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The directory that Sparsecast is installed in: {@code lib/} with every jar and {@code registry/} with the schema registry.
 * The launcher names it in the system property {@code sparsecast.home}; without it, it is found from where this class was
 * loaded.
 */
public record Installation(Path home) {

    static final String HOME_PROPERTY = "sparsecast.home";

    /** The installation this process runs from, whether or not it is complete. */
    public static Installation current() {
        @Nullable String named = System.getProperty(HOME_PROPERTY);
        if (named != null && !named.isBlank()) {
            return new Installation(Path.of(named).toAbsolutePath());
        }
        Path code = codeLocation(Installation.class);
        @Nullable Path parent = code.getParent();
        if (parent == null) {
            return new Installation(code);
        }
        @Nullable Path above = parent.getParent();
        boolean inLib = Files.isRegularFile(code) && above != null && parent.endsWith("lib");
        return new Installation(inLib && above != null ? above : parent.resolve("sparsecast"));
    }

    /** The registry's runnable jar; its manifest names the jars beside it. */
    Path registryJar() {
        Path directory = home.resolve("registry");
        try (Stream<Path> files = Files.isDirectory(directory) ? Files.list(directory) : Stream.empty()) {
            List<Path> jars = files.filter(file -> file.getFileName().toString().endsWith("-runner.jar"))
                    .sorted()
                    .toList();
            if (!jars.isEmpty()) {
                return jars.getLast();
            }
        } catch (IOException e) {
            throw missing(directory, e);
        }
        throw missing(directory, null);
    }

    /** The demo's model and prompts: {@code models/} and {@code prompts/}. */
    public Path demo() {
        Path directory = home.resolve("demo");
        if (!Files.isDirectory(directory)) {
            throw new StackException(
                    StackException.Reason.FAILED,
                    "The demo's model and prompts are missing in " + directory
                            + "; start Sparsecast through its launcher.");
        }
        return directory;
    }

    private StackException missing(Path directory, @Nullable IOException cause) {
        String message = "The schema registry is missing in " + directory
                + "; start Sparsecast through its launcher, or set the system property " + HOME_PROPERTY
                + " to the installation directory (after a build: cli/target/sparsecast).";
        return cause == null
                ? new StackException(StackException.Reason.FAILED, message)
                : new StackException(StackException.Reason.FAILED, message, cause);
    }

    /** The jar or the directory of classes that a class was loaded from. */
    static Path codeLocation(Class<?> type) {
        @Nullable CodeSource source = type.getProtectionDomain().getCodeSource();
        if (source == null) {
            throw new StackException(
                    StackException.Reason.FAILED,
                    "Cannot tell where " + type.getName() + " was loaded from; set " + HOME_PROPERTY + ".");
        }
        try {
            return Path.of(source.getLocation().toURI()).toAbsolutePath();
        } catch (URISyntaxException e) {
            throw new StackException(
                    StackException.Reason.FAILED,
                    "Cannot read the location " + source.getLocation() + "; set " + HOME_PROPERTY + ".",
                    e);
        }
    }
}
