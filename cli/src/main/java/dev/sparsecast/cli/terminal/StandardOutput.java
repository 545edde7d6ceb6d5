package dev.sparsecast.cli.terminal;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * Standard output, which belongs to a command's result alone: text for people, or one JSON object for programs. Names of
 * record components become {@code snake_case}.
 */
public final class StandardOutput {
    private static final JsonMapper JSON = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .disable(SerializationFeature.INDENT_OUTPUT)
            .build();

    private final PrintStream stream;

    public StandardOutput(PrintStream stream) {
        this.stream = stream;
    }

    /** The process's own standard output, whatever {@link System#out} has become. */
    public static StandardOutput ofProcess() {
        return new StandardOutput(
                new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8));
    }

    /** Sends what anybody else prints to standard error. */
    public static void reserve() {
        System.setOut(System.err);
    }

    /** One JSON object on one line: a record, a map, or a tree. */
    public void json(Object object) {
        line(JSON.writeValueAsString(object));
    }

    public void line(String text) {
        stream.println(text);
        stream.flush();
    }
}
