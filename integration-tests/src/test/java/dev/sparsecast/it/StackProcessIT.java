package dev.sparsecast.it;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

@Timeout(180)
class StackProcessIT {
    @TempDir
    Path directory;

    private Path temporary = Path.of("");

    @BeforeEach
    void makeADirectoryForTemporaryFiles() throws Exception {
        temporary = Files.createDirectory(directory.resolve("tmp"));
    }

    @Test
    void stopsCleanlyOnSigterm() throws Exception {
        try (SparsecastProcess stack = start("stack")) {
            JsonNode addresses = addresses(stack);
            assertThat(addresses.get("bootstrap_servers").asString()).matches("127\\.0\\.0\\.1:\\d+");
            assertThat(addresses.get("schema_registry_url").asString())
                    .matches("http://127\\.0\\.0\\.1:\\d+/apis/ccompat/v7");
            List<ProcessHandle> children = stack.process().descendants().toList();
            assertThat(children).isNotEmpty();
            assertThat(temporaryFiles()).isNotEmpty();

            stack.terminate();

            assertThat(stack.waitFor()).isZero();
            assertThat(stack.readRest()).isEmpty();
            assertThat(children).noneMatch(ProcessHandle::isAlive);
            assertThat(temporaryFiles()).isEmpty();
        }
    }

    @Test
    void leavesNothingBehindWhenItIsKilled() throws Exception {
        try (SparsecastProcess stack = start("stack")) {
            addresses(stack);
            List<ProcessHandle> children = stack.process().descendants().toList();
            assertThat(children).isNotEmpty();

            stack.process().destroyForcibly();

            stack.waitFor();
            for (ProcessHandle child : children) {
                child.onExit().get(60, TimeUnit.SECONDS);
            }
            assertThat(temporaryFiles()).isEmpty();
        }
    }

    @Test
    void keepsSchemasAndTopicsWhenItIsKilled() throws Exception {
        String data = directory.resolve("data").toString();
        try (SparsecastProcess stack = start("stack", "--data", data)) {
            JsonNode addresses = addresses(stack);
            assertThat(topics(addresses)).contains("\"created\":[\"activation-drift\"");
            Registry.register(addresses.get("schema_registry_url").asString(), "first-value");
            List<ProcessHandle> children = stack.process().descendants().toList();
            stack.process().destroyForcibly();
            stack.waitFor();
            for (ProcessHandle child : children) {
                child.onExit().get(60, TimeUnit.SECONDS);
            }
        }

        try (SparsecastProcess stack = start("stack", "--data", data)) {
            JsonNode addresses = addresses(stack);
            assertThat(topics(addresses)).contains("\"created\":[]");
            assertThat(Registry.subjects(addresses.get("schema_registry_url").asString()))
                    .isEqualTo("[\"first-value\"]");
        }
    }

    @Test
    void saysInOneSentenceThatAPortIsInUse() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, java.net.InetAddress.getByName("127.0.0.1"));
                SparsecastProcess stack = start("stack", "--port", String.valueOf(taken.getLocalPort()))) {
            assertThat(stack.waitFor()).isEqualTo(2);
            assertThat(stack.readRest()).isEmpty();
            assertThat(Files.readAllLines(stack.errors()))
                    .filteredOn(line -> line.startsWith("sparsecast: "))
                    .singleElement()
                    .asString()
                    .contains("Port " + taken.getLocalPort());
            assertThat(temporaryFiles()).isEmpty();
        }
    }

    @Test
    void saysInOneSentenceThatNoBrokerAnswers() throws Exception {
        try (SparsecastProcess topics = start("topics", "--bootstrap-servers", "127.0.0.1:1")) {
            assertThat(topics.waitFor()).isEqualTo(1);
            assertThat(Files.readString(topics.errors())).contains("No Kafka broker answers at 127.0.0.1:1");
        }
    }

    private String topics(JsonNode addresses) throws Exception {
        try (SparsecastProcess topics = start(
                "topics",
                "--json",
                "--bootstrap-servers",
                addresses.get("bootstrap_servers").asString())) {
            String result = topics.readRest();
            assertThat(topics.waitFor()).as(Files.readString(topics.errors())).isZero();
            return result;
        }
    }

    private SparsecastProcess start(String... arguments) throws Exception {
        return SparsecastProcess.start(
                directory, Map.of("SPARSECAST_JVM_OPTS", "-Djava.io.tmpdir=" + temporary), arguments);
    }

    private static JsonNode addresses(SparsecastProcess stack) throws Exception {
        return JsonMapper.shared()
                .readTree(requireNonNull(stack.readLine(), () -> "the stack ended: " + stack.errors()));
    }

    /** What the stack has left in the directory for temporary files, apart from the JVM's own. */
    private List<Path> temporaryFiles() throws Exception {
        try (Stream<Path> files = Files.list(temporary)) {
            return files.filter(file -> file.getFileName().toString().startsWith("sparsecast"))
                    .toList();
        }
    }
}
