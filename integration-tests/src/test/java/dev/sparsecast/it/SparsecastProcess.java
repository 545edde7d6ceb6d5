package dev.sparsecast.it;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The launcher as a process of its own, running what the build has made. */
public final class SparsecastProcess implements AutoCloseable {
    private final Process process;
    private final BufferedReader output;
    private final Path errors;

    private SparsecastProcess(Process process, Path errors) {
        this.process = process;
        this.output = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        this.errors = errors;
    }

    /** The repository. */
    public static Path root() {
        return Path.of(System.getProperty("sparsecast.root", ".."))
                .toAbsolutePath()
                .normalize();
    }

    /**
     * Starts {@code sparsecast} with arguments.
     *
     * @param directory the working directory; standard error goes to a file in it
     * @param environment variables on top of this process's
     */
    public static SparsecastProcess start(Path directory, Map<String, String> environment, String... arguments)
            throws IOException {
        List<String> command =
                new ArrayList<>(List.of(root().resolve("sparsecast").toString()));
        command.addAll(List.of(arguments));
        Path errors = directory.resolve("stderr-" + System.nanoTime() + ".txt");
        ProcessBuilder builder =
                new ProcessBuilder(command).directory(directory.toFile()).redirectError(errors.toFile());
        // The build that runs this test has made what the launcher would build.
        builder.environment().put("SPARSECAST_NO_BUILD", "yes");
        builder.environment().put("SPARSECAST_JAVA_HOME", System.getProperty("java.home"));
        builder.environment().putAll(environment);
        return new SparsecastProcess(builder.start(), errors);
    }

    /** The next line of standard output, null at its end. */
    public @Nullable String readLine() throws IOException {
        return output.readLine();
    }

    /** Everything that is still to come on standard output. */
    public String readRest() throws IOException {
        return String.join("\n", output.lines().toList());
    }

    public Path errors() {
        return errors;
    }

    /** The process that the launcher became, and all that it started. */
    public Process process() {
        return process;
    }

    /** Asks the process to end, as Ctrl-C or a service manager does; its output can still be read. */
    public void terminate() {
        // Process.destroy would close the streams.
        process.toHandle().destroy();
    }

    public int waitFor() throws InterruptedException {
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            throw new IllegalStateException("sparsecast did not end");
        }
        return process.exitValue();
    }

    @Override
    public void close() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }
}
