package dev.sparsecast.benchmarks;

import dev.sparsecast.cli.Main;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code sparsecast worker} as a process, watched from outside: its metrics, and what the system says of its memory. Linux only. */
final class WorkerProcess implements AutoCloseable {
    private static final Pattern COMMITTED = Pattern.compile("Total:.*committed=([0-9]+)KB");
    private static final Pattern HEAP_COMMITTED = Pattern.compile("Java Heap \\(.*committed=([0-9]+)KB");
    private static final Pattern RESIDENT = Pattern.compile("VmRSS:\\s+([0-9]+) kB");
    private static final double MB = 1e6;

    private final Process process;
    private final URI metrics;
    private final HttpClient client = HttpClient.newHttpClient();

    private WorkerProcess(Process process, URI metrics) {
        this.process = process;
        this.metrics = metrics;
    }

    /** Starts the worker and waits until it is ready. */
    static WorkerProcess start(ClusterSettings cluster, Path model, List<String> options)
            throws IOException, InterruptedException {
        int port = freePort();
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--add-modules=jdk.incubator.vector",
                "--sun-misc-unsafe-memory-access=allow",
                "-XX:NativeMemoryTracking=summary",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "worker",
                "--bootstrap-servers",
                cluster.bootstrapServers(),
                "--schema-registry-url",
                cluster.schemaRegistryUrl(),
                "--model",
                model.toString(),
                "--http-port",
                Integer.toString(port)));
        command.addAll(options);
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectError(Path.of("soak-worker.log").toFile())
                .redirectOutput(ProcessBuilder.Redirect.DISCARD);
        builder.environment().put("DJL_OFFLINE", "true");
        builder.environment().put("OPT_OUT_TRACKING", "true");
        WorkerProcess worker = new WorkerProcess(builder.start(), URI.create("http://127.0.0.1:" + port + "/metrics"));
        while (!worker.isReady()) {
            if (!worker.process.isAlive()) {
                throw new IllegalStateException("the worker ended: see soak-worker.log");
            }
            Thread.sleep(200);
        }
        return worker;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private boolean isReady() throws InterruptedException {
        try {
            return get(metrics.resolve("/ready")).statusCode() == 200;
        } catch (IOException e) {
            return false;
        }
    }

    private HttpResponse<String> get(URI uri) throws IOException, InterruptedException {
        return client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
    }

    /** Records published so far: counted, held out or rejected. */
    long taken() throws IOException, InterruptedException {
        return (long) taken(get(metrics).body());
    }

    private static double taken(String text) {
        return sum(text, "sparsecast_worker_prompts_total", "")
                + sum(text, "sparsecast_worker_prompts_heldout_total", "")
                + sum(text, "sparsecast_worker_deadletters_total", "");
    }

    /** What it looks like now. */
    SoakSample sample(double seconds) throws IOException, InterruptedException {
        String text = get(metrics).body();
        String memory = jcmd("VM.native_memory", "summary");
        double heapCommitted = kilobytes(HEAP_COMMITTED, memory);
        return new SoakSample(
                seconds,
                sum(text, "sparsecast_worker_forward_tokens_total", ""),
                taken(text),
                sum(text, "sparsecast_worker_oversize_total", "action=\"cut\""),
                sum(text, "sparsecast_worker_deadletters_total", ""),
                sum(text, "sparsecast_worker_flushes_total", ""),
                sum(text, "sparsecast_worker_recoveries_total", ""),
                sum(text, "jvm_memory_used_bytes", "area=\"heap\"") / MB,
                sum(text, "jvm_gc_live_data_size_bytes", "") / MB,
                heapCommitted,
                kilobytes(COMMITTED, memory) - heapCommitted,
                kilobytes(RESIDENT, Files.readString(Path.of("/proc", Long.toString(process.pid()), "status"))));
    }

    /** The sum of all lines of a meter that have some label. */
    private static double sum(String text, String meter, String label) {
        return text.lines()
                .filter(line -> line.startsWith(meter + "{") || line.startsWith(meter + " "))
                .filter(line -> line.contains(label))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    private static double kilobytes(Pattern pattern, String text) {
        Matcher matcher = pattern.matcher(text);
        return matcher.find() ? Double.parseDouble(matcher.group(1)) * 1024 / MB : 0;
    }

    private String jcmd(String... command) throws IOException, InterruptedException {
        List<String> all = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(), Long.toString(process.pid())));
        all.addAll(List.of(command));
        Process jcmd = new ProcessBuilder(all).redirectErrorStream(true).start();
        String text = new String(jcmd.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        jcmd.waitFor();
        return text;
    }

    /** Asks it to end and returns its exit code. */
    int stop() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            throw new IllegalStateException("the worker did not end within a minute of SIGTERM");
        }
        return process.exitValue();
    }

    @Override
    public void close() {
        client.close();
        process.destroyForcibly();
    }
}
