package dev.sparsecast.deployer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.checkpoint.CheckpointException;
import dev.sparsecast.deployer.state.StateException;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.signing.KeyException;
import dev.sparsecast.store.StoreException;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeployerServiceTest {
    @TempDir
    Path directory;

    private TestWorld world;
    private Path trusted;

    @BeforeEach
    void makeWorld() throws IOException {
        world = new TestWorld(directory);
        world.key.write(directory.resolve("pruner.key"));
        trusted = directory.resolve("pruner.pub");
    }

    @AfterEach
    void closeWorld() {
        world.close();
    }

    private DeployerSettings settings() {
        return DeployerSettings.of(
                "deployer-1",
                new ClusterSettings("127.0.0.1:9", "mock://deployer-service"),
                world.base.directory(),
                world.storeDirectory.toString(),
                world.state,
                List.of(trusted));
    }

    private static SubModelSubscriber open(DeployerSettings settings) {
        return SubModelSubscriber.open(settings, SubModelListener.NONE, new SimpleMeterRegistry());
    }

    @Test
    void showsWhatIsInUseBeforeKafkaAnswers() {
        try (TestWorld.Deployer deployer = world.deployer()) {
            deployer.install(world.release("python", 3));
        }
        SimpleMeterRegistry metrics = new SimpleMeterRegistry();
        try (SubModelSubscriber subscriber = SubModelSubscriber.open(settings(), SubModelListener.NONE, metrics)) {
            assertThat(subscriber.current()).containsExactly(java.util.Map.entry("python", 3));
            assertThat(metrics.get("sparsecast.deployer.version")
                            .tag("submodel", "python")
                            .gauge()
                            .value())
                    .isEqualTo(3);
        }
    }

    @Test
    void stopsWhileItWaitsForABrokerThatDoesNotAnswer() {
        DeployerService service = DeployerService.start(settings(), SubModelListener.NONE, new SimpleMeterRegistry());

        service.close();

        assertThat(service.termination()).isCompleted();
        open(settings()).close(); // nothing is locked any more
    }

    @Test
    void refusesASecondDeployerAndLeavesTheFirstAlone() {
        try (SubModelSubscriber first = open(settings())) {
            assertThatThrownBy(() -> open(settings()))
                    .isInstanceOf(StateException.class)
                    .hasMessageContaining("in use by another deployer");
            assertThat(first.current()).isEmpty();
        }
    }

    @Test
    void saysWhatCannotBeUsed() {
        DeployerSettings good = settings();
        assertThatThrownBy(() -> open(with(good, directory.resolve("absent"), good.store(), trusted)))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("there is no model directory");
        assertThatThrownBy(() -> open(with(good, good.model(), "ftp://store", trusted)))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("'ftp'");
        assertThatThrownBy(() -> open(with(good, good.model(), good.store(), directory.resolve("absent.pub"))))
                .isInstanceOf(KeyException.class)
                .hasMessageContaining("absent.pub");
        open(good).close();
    }

    @Test
    void saysWhichSettingsMakeNoSense() {
        DeployerSettings good = settings();
        assertThatThrownBy(() -> good.withSubmodels(Set.of("../x")))
                .isInstanceOf(DeployerException.class)
                .hasMessageContaining("'../x'");
        assertThatThrownBy(() -> good.withKeepPrevious(-1)).isInstanceOf(DeployerException.class);
        assertThatThrownBy(() -> good.withThreads(0)).isInstanceOf(DeployerException.class);
        assertThatThrownBy(() -> DeployerSettings.of(
                        "Deployer 1", good.cluster(), good.model(), good.store(), good.state(), List.of(trusted)))
                .hasMessageContaining("'Deployer 1'");
        assertThatThrownBy(() -> DeployerSettings.of(
                        "deployer-1", good.cluster(), good.model(), good.store(), good.state(), List.of()))
                .hasMessageContaining("trusts nobody");
    }

    private static DeployerSettings with(DeployerSettings settings, Path model, String store, Path key) {
        return DeployerSettings.of(
                settings.deployer(), settings.cluster(), model, store, settings.state(), List.of(key));
    }
}
