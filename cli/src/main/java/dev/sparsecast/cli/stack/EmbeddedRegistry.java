package dev.sparsecast.cli.stack;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A schema registry (Apicurio) in a process of its own, on the loopback interface, speaking Confluent's API. With a
 * directory that stays, its database is a file that is written through on every change, so that schemas and their ids
 * survive a restart, even after the process was killed. The process never outlives this one.
 */
public final class EmbeddedRegistry implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(EmbeddedRegistry.class);
    private static final Pattern LISTENING = Pattern.compile("Listening on: http://[^:\\s]+:(\\d+)");
    private static final String API = "/apis/ccompat/v7";
    private static final Duration START_LIMIT = Duration.ofSeconds(90);
    private static final Duration STOP_LIMIT = Duration.ofSeconds(5);
    private static final Duration POLL = Duration.ofMillis(20);

    /** What the registry's process takes over from this one's environment; the rest could change its configuration. */
    private static final List<String> ENVIRONMENT = List.of("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ");

    private final Process process;
    private final String url;

    private EmbeddedRegistry(Process process, String url) {
        this.process = process;
        this.url = url;
    }

    /**
     * Starts the registry and returns once it answers.
     *
     * @param data where it writes its log, and its database unless the directory is temporary
     * @param port the port to listen on, 0 for any free one
     */
    public static EmbeddedRegistry start(Installation installation, DataDirectory data, int port) {
        requireFree(port);
        Process process = launch(command(installation, data, port), data.registryLog());
        try {
            String url = "http://" + EmbeddedBroker.HOST + ":" + awaitPort(process, data.registryLog()) + API;
            requireAnswer(url);
            send(process, RegistryProcess.READY);
            return new EmbeddedRegistry(process, url);
        } catch (RuntimeException e) {
            process.destroyForcibly();
            throw e;
        }
    }

    /** The address of the Confluent API: {@code http://127.0.0.1:PORT/apis/ccompat/v7}. */
    public String url() {
        return url;
    }

    /** Completes when the process has ended, for whatever reason. */
    CompletableFuture<Void> ended() {
        return process.onExit().thenAccept(_ -> {});
    }

    long processId() {
        return process.pid();
    }

    private static List<String> command(Installation installation, DataDirectory data, int port) {
        String classPath = String.join(
                File.pathSeparator,
                installation.registryJar().toString(),
                Installation.codeLocation(RegistryProcess.class).toString());
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                // Small and quick to start rather than fast: it serves a handful of schemas.
                "-Xmx192m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xshare:auto"));
        settings(data, port).forEach((key, value) -> command.add("-D" + key + "=" + value));
        command.addAll(List.of("-cp", classPath, RegistryProcess.class.getName()));
        return command;
    }

    private static Map<String, String> settings(DataDirectory data, int port) {
        // The in-memory store is H2 underneath; in a file, with no delay of writes, it keeps what it was told.
        Map<String, String> store = data.isTemporary()
                ? Map.of(
                        RegistryProcess.ORPHANED_DIRECTORY_PROPERTY, data.root().toString())
                : Map.of(
                        "quarkus.datasource.jdbc.url",
                        "jdbc:h2:file:" + data.registryDatabase() + ";WRITE_DELAY=0;DB_CLOSE_ON_EXIT=FALSE");
        Map<String, String> settings = new TreeMap<>(store);
        settings.putAll(Map.of(
                "quarkus.http.host", EmbeddedBroker.HOST,
                "quarkus.http.port", String.valueOf(port),
                "quarkus.datasource.jdbc.initial-size", "1",
                "quarkus.datasource.jdbc.min-size", "1",
                "quarkus.datasource.jdbc.max-size", "8",
                "quarkus.log.level", "INFO",
                "quarkus.banner.enabled", "false"));
        return settings;
    }

    private static Process launch(List<String> command, Path logFile) {
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(logFile.toFile())
                .redirectInput(ProcessBuilder.Redirect.PIPE);
        builder.environment().keySet().retainAll(ENVIRONMENT);
        try {
            Files.deleteIfExists(logFile);
            return builder.start();
        } catch (IOException e) {
            throw new StackException(
                    StackException.Reason.FAILED,
                    "The schema registry's process cannot be started: " + e.getMessage(),
                    e);
        }
    }

    /** Binds a port for a moment, to say in time that it cannot be had; 0 always can. */
    static void requireFree(int port) {
        try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getByName(EmbeddedBroker.HOST))) {
            socket.getLocalPort();
        } catch (IOException e) {
            throw new StackException(
                    StackException.Reason.BAD_INPUT,
                    "Port " + port + " of " + EmbeddedBroker.HOST
                            + " is in use or not allowed; stop what listens there or name another port.",
                    e);
        }
    }

    /** The registry chooses its port itself and tells it in its log, so no port is ever lost between choosing and binding. */
    private static int awaitPort(Process process, Path logFile) {
        long deadline = System.nanoTime() + START_LIMIT.toNanos();
        while (System.nanoTime() < deadline) {
            Optional<Integer> port = announcedPort(logFile);
            if (port.isPresent()) {
                return port.get();
            }
            if (!process.isAlive()) {
                throw new StackException(
                        StackException.Reason.FAILED,
                        "The schema registry ended while it started (exit code " + process.exitValue() + "): "
                                + lastLine(logFile));
            }
            pause();
        }
        throw new StackException(
                StackException.Reason.FAILED,
                "The schema registry did not start within " + START_LIMIT.toSeconds() + " s; its log ends with: "
                        + lastLine(logFile));
    }

    private static Optional<Integer> announcedPort(Path logFile) {
        Matcher matcher = LISTENING.matcher(read(logFile));
        return matcher.find() ? Optional.of(Integer.parseInt(matcher.group(1))) : Optional.empty();
    }

    private static String lastLine(Path logFile) {
        return read(logFile)
                .lines()
                .filter(line -> !line.isBlank())
                .reduce((first, second) -> second)
                .orElse("(empty)");
    }

    private static String read(Path logFile) {
        try {
            return Files.exists(logFile) ? Files.readString(logFile, StandardCharsets.ISO_8859_1) : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void requireAnswer(String url) {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url + "/subjects"))
                .timeout(Duration.ofSeconds(20))
                .build();
        try (HttpClient client = HttpClient.newHttpClient()) {
            int status =
                    client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
            if (status != 200) {
                throw new StackException(
                        StackException.Reason.FAILED,
                        "The schema registry at " + url + " answers with HTTP status " + status + ".");
            }
        } catch (IOException e) {
            throw new StackException(
                    StackException.Reason.FAILED,
                    "The schema registry at " + url + " does not answer: " + e.getMessage(),
                    e);
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    private static void pause() {
        try {
            Thread.sleep(POLL);
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    private static StackException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return new StackException(StackException.Reason.FAILED, "Interrupted while the schema registry started.", e);
    }

    private static void send(Process process, int signal) {
        try {
            OutputStream pipe = process.getOutputStream();
            pipe.write(signal);
            pipe.flush();
        } catch (IOException e) {
            log.atDebug().setCause(e).log("The schema registry's process has closed its standard input");
        }
    }

    @Override
    public void close() {
        if (!process.isAlive()) {
            return;
        }
        send(process, RegistryProcess.CLOSE);
        try {
            process.getOutputStream().close();
        } catch (IOException e) {
            log.atDebug().setCause(e).log("The pipe to the schema registry was closed already");
        }
        try {
            if (!process.waitFor(STOP_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
