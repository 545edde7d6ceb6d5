package dev.sparsecast.deployer.installation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsecast.deployer.TestWorld;
import dev.sparsecast.deployer.TestWorld.Deployer;
import dev.sparsecast.deployer.state.Layout;
import dev.sparsecast.schemas.SubModelDeployment;
import dev.sparsecast.schemas.SubModelDeployment.State;
import dev.sparsecast.schemas.SubModelRelease;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What {@link KilledTest} does with exceptions, with processes that get SIGKILL: nothing of theirs runs after it. */
class KilledProcessTest {
    private static final int KILLED = 128 + 9;

    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource({
        "Received,LINK",
        "Staged,VERSIONS",
        "Verified,LINK",
        "Materialized,VERSIONS",
        "Synced,LINK",
        "Switched,VERSIONS",
        "Switched,LINK",
        "Deployed,VERSIONS"
    })
    void leavesACompleteVersionInUseAndIsGoneOnFrom(String step, Layout layout) throws Exception {
        try (TestWorld world = new TestWorld(directory)) {
            world.layout = layout;
            SubModelRelease first = world.release("python", 1);
            SubModelRelease second = world.release("python", 2);

            assertThat(killedAt(step, layout, world.state)).isEqualTo(KILLED);

            world.assertInstalled(world.current("python").toRealPath().endsWith("2") ? second : first);
            try (Deployer deployer = world.deployer()) {
                assertThat(deployer.install(first, second))
                        .extracting(SubModelDeployment::state)
                        .contains(State.DEPLOYED)
                        .doesNotContain(State.ROLLED_BACK);
                world.assertInstalled(second);
            }
        }
    }

    private int killedAt(String step, Layout layout, Path state) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--add-modules",
                        "jdk.incubator.vector",
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        DeployingProcess.class.getName(),
                        directory.resolve("process").toString(),
                        state.toString(),
                        layout.name(),
                        step)
                .redirectErrorStream(true)
                .start();
        try (BufferedReader output =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            List<String> said = new ArrayList<>();
            while (!said.contains(DeployingProcess.REACHED)) {
                String line = output.readLine();
                assertThat(line).as("after " + said).isNotNull();
                said.add(line);
            }
            return process.destroyForcibly().waitFor();
        } finally {
            process.destroyForcibly();
        }
    }

    /** Deploys one release, and a second one as far as a step, where it waits to be killed. */
    static final class DeployingProcess {
        static final String REACHED = "reached";

        private DeployingProcess() {}

        public static void main(String[] arguments) throws IOException {
            try (TestWorld world = new TestWorld(Path.of(arguments[0]))) {
                world.state = Path.of(arguments[1]);
                world.layout = Layout.valueOf(arguments[2]);
                try (Deployer deployer = world.deployer()) {
                    deployer.install(world.release("python", 1));
                }
                try (Deployer deployer = world.deployer((release, step) -> wait(arguments[3], step), List.of())) {
                    deployer.install(world.release("python", 2));
                }
            }
        }

        private static void wait(String at, Step step) {
            if (step.getClass().getSimpleName().equals(at)) {
                System.out.println(REACHED);
                System.out.flush();
                try {
                    Thread.sleep(Long.MAX_VALUE);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
        }
    }
}
