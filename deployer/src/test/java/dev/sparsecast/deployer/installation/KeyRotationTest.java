package dev.sparsecast.deployer.installation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsecast.deployer.TestWorld;
import dev.sparsecast.deployer.TestWorld.Deployer;
import dev.sparsecast.schemas.SubModelDeployment;
import dev.sparsecast.schemas.SubModelDeployment.State;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.signing.SigningKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Keys come and go while a deployer runs. */
class KeyRotationTest {
    private final SigningKey next = SigningKey.generate();

    @TempDir
    Path directory;

    private TestWorld world;

    @BeforeEach
    void makeWorld() throws IOException {
        world = new TestWorld(directory);
    }

    @AfterEach
    void closeWorld() {
        world.close();
    }

    @Test
    void aNewKeyTakesOverWhileBothAreTrusted() throws IOException {
        try (Deployer deployer = world.deployer()) {
            assertThat(deployer.install(world.release("python", 1))).satisfiesExactly(KeyRotationTest::isDeployed);
            assertThat(deployer.install(next.sign(world.unsigned("python", 2))))
                    .satisfiesExactly(refused -> isRefused(refused, "not among the trusted ones"));

            world.trust(next);

            assertThat(deployer.installKnown(next.sign(world.unsigned("python", 2))))
                    .satisfiesExactly(KeyRotationTest::isDeployed);
            assertThat(deployer.install(world.release("python", 3))).satisfiesExactly(KeyRotationTest::isDeployed);

            Files.delete(world.trusted.resolve(world.key.verifyingKey().id() + ".pub"));

            assertThat(deployer.install(world.release("python", 4)))
                    .satisfiesExactly(refused -> isRefused(refused, "not among the trusted ones"));
            assertThat(deployer.install(next.sign(world.unsigned("python", 4))))
                    .satisfiesExactly(KeyRotationTest::isDeployed);
        }
    }

    @Test
    void whatARevokedKeySignedStaysAndIsReportedOnce() throws IOException {
        SubModelRelease installed = world.release("python", 1);
        world.trust(next);
        try (Deployer deployer = world.deployer()) {
            deployer.install(installed);
            deployer.install(next.sign(world.unsigned("java", 1)));
            assertThat(report(deployer)).isEmpty();

            world.revoke(world.key, "stolen");

            assertThat(report(deployer)).singleElement().satisfies(reported -> {
                assertThat(reported.submodel()).isEqualTo("python");
                assertThat(reported.state()).isEqualTo(State.DEPLOYED);
                assertThat(reported.reason())
                        .isEqualTo("it stays in use, although the key "
                                + world.key.verifyingKey().id() + " was revoked: stolen");
            });
            assertThat(report(deployer)).isEmpty();
            world.assertInstalled(installed);
            assertThat(deployer.install(world.release("python", 2)))
                    .satisfiesExactly(refused -> isRefused(refused, "was revoked: stolen"));
        }
        try (Deployer again = world.deployer()) {
            assertThat(again.revoked().report(again.keys().ring(), reported -> {
                        throw new AssertionError("reported twice");
                    }))
                    .containsExactly("python");

            again.install(next.sign(world.unsigned("python", 2)));

            assertThat(again.revoked().report(again.keys().ring(), reported -> {}))
                    .isEmpty();
        }
    }

    @Test
    void takesMarkersWithoutAKey() throws IOException {
        SubModelRelease installed = world.release("python", 1);
        try (Deployer deployer = world.deployer()) {
            deployer.install(installed);
        }
        Path marker = world.state.resolve("python/versions/1.json");
        String text = Files.readString(marker);
        String without = text.replaceAll(",\\s*\"keyId\" : \"[0-9a-f]{16}\"", "");
        assertThat(without).isNotEqualTo(text);
        Files.writeString(marker, without);
        world.revoke(world.key, "");

        try (Deployer deployer = world.deployer()) {
            assertThat(report(deployer)).isEmpty();
            world.assertInstalled(installed);
        }
    }

    private static List<SubModelDeployment> report(Deployer deployer) {
        List<SubModelDeployment> reported = new ArrayList<>();
        deployer.revoked().report(deployer.keys().ring(), reported::add);
        return reported;
    }

    private static void isDeployed(SubModelDeployment deployment) {
        assertThat(deployment.state()).isEqualTo(State.DEPLOYED);
    }

    private static void isRefused(SubModelDeployment deployment, String reason) {
        assertThat(deployment.state()).isEqualTo(State.REFUSED);
        assertThat(deployment.reason()).contains(reason);
    }
}
