package dev.sparsecast.deployer.hook;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Runs a command with {@code SPARSECAST_SUBMODEL}, {@code SPARSECAST_VERSION} and {@code SPARSECAST_DIRECTORY} in its
 * environment. Exit code 0 is consent; anything else, or taking too long, an objection.
 *
 * @param command program and arguments; no shell is involved
 * @param timeout after which it and what it started are ended
 */
public record CommandHook(List<String> command, Duration timeout) implements Hook {
    private static final int SHOWN = 400;

    public CommandHook {
        command = List.copyOf(command);
        if (command.isEmpty() || command.getFirst().isBlank()) {
            throw new HookException("the hook has no command: give a program and its arguments");
        }
        if (!timeout.isPositive()) {
            throw new HookException("the hook has a timeout of " + timeout + ": give a positive one");
        }
    }

    @Override
    public void switched(Switched switched) {
        try {
            Path output = Files.createTempFile("sparsecast-hook-", ".log");
            try {
                run(switched, output);
            } finally {
                Files.deleteIfExists(output);
            }
        } catch (IOException e) {
            throw new HookException("the hook " + command.getFirst() + " cannot be run: " + e.getMessage(), e);
        }
    }

    private void run(Switched switched, Path output) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
                .redirectOutput(output.toFile());
        builder.environment().put("SPARSECAST_SUBMODEL", switched.submodel());
        builder.environment().put("SPARSECAST_VERSION", Integer.toString(switched.version()));
        builder.environment().put("SPARSECAST_DIRECTORY", switched.directory().toString());
        Process process = builder.start();
        if (!ended(process)) {
            throw new HookException(
                    "the hook " + command.getFirst() + " took longer than " + timeout.toMillis() + " ms and was ended");
        }
        if (process.exitValue() != 0) {
            throw new HookException(
                    "the hook " + command.getFirst() + " ended with exit code " + process.exitValue() + said(output));
        }
    }

    private boolean ended(Process process) {
        try {
            if (process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
                return true;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        return false;
    }

    private static String said(Path output) throws IOException {
        try (InputStream in = Files.newInputStream(output)) {
            String text = new String(in.readNBytes(SHOWN), StandardCharsets.UTF_8).strip();
            return text.isEmpty() ? "" : ": " + text;
        }
    }
}
