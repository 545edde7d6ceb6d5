package dev.sparsecast.cli.command;

import dev.sparsecast.cli.terminal.StandardOutput;
import java.util.function.Supplier;
import picocli.CommandLine.Option;

/** {@code --json}, which every command takes. */
public final class OutputOptions {
    @Option(names = "--json", description = "Print one JSON object on standard output.")
    private boolean json;

    private final StandardOutput output = StandardOutput.ofProcess();

    public boolean json() {
        return json;
    }

    public StandardOutput output() {
        return output;
    }

    /**
     * Prints a command's result, as the user wants to have it.
     *
     * @param object for programs: a record or a map
     * @param text for people: lines without the last line end
     */
    public void print(Object object, Supplier<String> text) {
        if (json) {
            output.json(object);
        } else {
            output.line(text.get());
        }
    }
}
