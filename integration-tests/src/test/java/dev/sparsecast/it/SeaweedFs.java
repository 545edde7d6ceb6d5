package dev.sparsecast.it;

import dev.sparsecast.store.S3Server;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/** SeaweedFS as a process of its own, in one directory, with all its servers on free ports of this machine. */
final class SeaweedFs implements S3Server {
    /** What to say where the program is missing. */
    static final String MISSING =
            "SeaweedFS is not here: build it with tools/seaweedfs, or name the program in SPARSECAST_WEED";

    private final Process process;
    private final int port;

    private SeaweedFs(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /** The program, where {@code tools/seaweedfs} puts it or where the environment says. */
    static Optional<Path> program() {
        String cache = System.getenv("XDG_CACHE_HOME");
        Path built = (cache == null ? Path.of(System.getProperty("user.home"), ".cache") : Path.of(cache))
                .resolve("sparsecast/weed");
        return Stream.of(Optional.ofNullable(System.getenv("SPARSECAST_WEED")).map(Path::of), Optional.of(built))
                .flatMap(Optional::stream)
                .filter(Files::isExecutable)
                .findFirst();
    }

    /**
     * Starts it and waits until it answers.
     *
     * @param directory for its data and its log
     */
    static SeaweedFs start(Path directory) throws IOException {
        Path identities =
                Files.writeString(directory.resolve("identities.json"), """
                {"identities": [{"name": "sparsecast", "actions": ["Admin", "Read", "Write", "List", "Tagging"],
                  "credentials": [{"accessKey": "%s", "secretKey": "%s"}]}]}
                """.formatted(ACCESS_KEY, SECRET_KEY));
        int[] ports = freePorts(8);
        List<String> command = new ArrayList<>(List.of(
                program().orElseThrow().toString(),
                "-logtostderr",
                "server",
                "-dir=" + Files.createDirectories(directory.resolve("data")),
                "-ip=127.0.0.1",
                "-ip.bind=127.0.0.1",
                "-master.telemetry=false",
                "-master.electionTimeout=1s",
                "-master.volumeSizeLimitMB=64",
                "-volume.max=20",
                "-volume.preStopSeconds=0",
                "-filer",
                "-s3",
                "-s3.config=" + identities,
                "-s3.port.iceberg=0",
                "-s3.port.lance=0"));
        String[] servers = {"master", "volume", "filer", "s3"};
        for (int i = 0; i < servers.length; i++) {
            command.add("-" + servers[i] + ".port=" + ports[2 * i]);
            command.add("-" + servers[i] + ".port.grpc=" + ports[2 * i + 1]);
        }
        Path log = directory.resolve("seaweedfs.log");
        Process process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        SeaweedFs server = new SeaweedFs(process, ports[6]);
        try {
            server.awaitAnswer(log);
            return server;
        } catch (RuntimeException e) {
            server.close();
            throw e;
        }
    }

    private static int[] freePorts(int number) throws IOException {
        List<ServerSocket> sockets = new ArrayList<>();
        try {
            for (int i = 0; i < number; i++) {
                sockets.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
            }
            return sockets.stream().mapToInt(ServerSocket::getLocalPort).toArray();
        } finally {
            for (ServerSocket socket : sockets) {
                socket.close();
            }
        }
    }

    private void awaitAnswer(Path log) {
        Awaitility.await("SeaweedFS answers; its log is " + log)
                .atMost(60, TimeUnit.SECONDS)
                .until(() -> {
                    if (!process.isAlive()) {
                        throw new IllegalStateException("SeaweedFS ended: " + Files.readString(log));
                    }
                    return answers();
                });
        makeFirstBucket();
    }

    private boolean answers() {
        try {
            HttpURLConnection connection =
                    (HttpURLConnection) URI.create(endpoint() + "/").toURL().openConnection();
            connection.setConnectTimeout(1000);
            connection.setReadTimeout(1000);
            return connection.getResponseCode() > 0;
        } catch (IOException e) {
            return false;
        }
    }

    /** The S3 server answers before those behind it take data. */
    private void makeFirstBucket() {
        Awaitility.await("SeaweedFS takes data")
                .atMost(60, TimeUnit.SECONDS)
                .ignoreExceptions()
                .until(() -> {
                    makeBucket();
                    return true;
                });
    }

    @Override
    public String endpoint() {
        return "http://127.0.0.1:" + port;
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(20, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
