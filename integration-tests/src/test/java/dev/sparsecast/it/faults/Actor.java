package dev.sparsecast.it.faults;

import dev.sparsecast.it.SparsecastProcess;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One service as a process, which is started again whenever it is found dead, as a service manager would. */
final class Actor implements AutoCloseable {
    private static final HttpClient HTTP =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(1)).build();
    /** Small, and quick to start rather than quick in the long run. */
    private static final Map<String, String> ENVIRONMENT =
            Map.of("SPARSECAST_JVM_OPTS", "-Xmx384m -XX:+UseSerialGC -XX:TieredStopAtLevel=1");

    private final String name;
    private final Path directory;
    private final int httpPort;
    private final List<String> command;
    private @Nullable SparsecastProcess running;
    private boolean wanted;
    private boolean expectedToEnd;
    private int starts;
    private final List<Path> ownEnds = new ArrayList<>();

    /**
     * An actor that does not run yet.
     *
     * @param directory where its standard error goes
     * @param httpPort port of its probes
     * @param command arguments of {@code sparsecast}
     */
    Actor(String name, Path directory, int httpPort, List<String> command) {
        this.name = name;
        this.directory = directory;
        this.httpPort = httpPort;
        this.command = new ArrayList<>(command);
        if (httpPort > 0) {
            this.command.addAll(List.of("--http-port", Integer.toString(httpPort)));
        }
    }

    String name() {
        return name;
    }

    synchronized void start() throws IOException {
        wanted = true;
        keep();
    }

    /** Starts it again if it should run and does not. */
    synchronized void keep() throws IOException {
        if (!wanted || (running != null && running.process().isAlive())) {
            return;
        }
        if (running != null && !expectedToEnd) {
            ownEnds.add(running.errors());
        }
        expectedToEnd = false;
        starts++;
        running = SparsecastProcess.start(directory, ENVIRONMENT, command.toArray(String[]::new));
    }

    /** Standard error of every time that it ended although nobody had killed or stopped it. */
    synchronized List<Path> ownEnds() {
        return List.copyOf(ownEnds);
    }

    synchronized int starts() {
        return starts;
    }

    synchronized void kill() {
        if (running != null) {
            expectedToEnd = true;
            running.process().destroyForcibly();
        }
    }

    synchronized void terminate() {
        if (running != null) {
            expectedToEnd = true;
            running.terminate();
        }
    }

    void pause() throws IOException, InterruptedException {
        signal("STOP");
    }

    void resume() throws IOException, InterruptedException {
        signal("CONT");
    }

    private synchronized void signal(String signal) throws IOException, InterruptedException {
        if (running != null && running.process().isAlive()) {
            new ProcessBuilder(
                            "kill",
                            "-" + signal,
                            Long.toString(running.process().pid()))
                    .start()
                    .waitFor();
        }
    }

    /** Whether it says that it is ready. */
    boolean isReady() {
        try {
            HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + httpPort + "/ready"))
                    .timeout(Duration.ofSeconds(2))
                    .build();
            return HTTP.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Stops it with SIGTERM; returns its exit code. */
    int stop() throws IOException, InterruptedException {
        SparsecastProcess last;
        synchronized (this) {
            wanted = false;
            last = running;
        }
        if (last == null) {
            return 0;
        }
        last.terminate();
        if (!last.process().waitFor(90, TimeUnit.SECONDS)) {
            throw new IllegalStateException(name + " does not end after SIGTERM; it says: " + tail(last.errors()));
        }
        return last.process().exitValue();
    }

    /** The last lines of standard error. */
    static String tail(Path errors) throws IOException {
        List<String> lines = Files.readAllLines(errors);
        return String.join("\n", lines.subList(Math.max(0, lines.size() - 12), lines.size()));
    }

    @Override
    public synchronized void close() {
        wanted = false;
        if (running != null) {
            List<ProcessHandle> dying =
                    new ArrayList<>(running.process().descendants().toList());
            dying.add(running.process().toHandle());
            running.close();
            // whoever deletes their directory next should not find them writing
            dying.forEach(process -> process.onExit().join());
        }
    }
}
