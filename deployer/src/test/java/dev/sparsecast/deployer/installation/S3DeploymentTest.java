package dev.sparsecast.deployer.installation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsecast.deployer.TestWorld;
import dev.sparsecast.deployer.TestWorld.Deployer;
import dev.sparsecast.schemas.SubModelDeployment;
import dev.sparsecast.schemas.SubModelDeployment.State;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.store.EmbeddedS3Server;
import dev.sparsecast.store.S3Server;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;

/** Releases from a bucket, and what whoever can write to it can do. */
class S3DeploymentTest {
    private static S3Server server;

    @TempDir
    Path directory;

    @BeforeAll
    static void start() {
        server = EmbeddedS3Server.start();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @Test
    void installsRecipesAndCheckpoints(TestInfo test) throws IOException {
        try (TestWorld world = world(test);
                Deployer deployer = world.deployer()) {
            SubModelRelease recipe = world.release("python", 1);
            SubModelRelease checkpoint = world.checkpointRelease("java", 1);

            assertThat(deployer.install(recipe, checkpoint))
                    .allSatisfy(deployment -> assertThat(deployment.state()).isEqualTo(State.DEPLOYED));

            world.assertInstalled(recipe);
            world.assertInstalled(checkpoint);
        }
    }

    @Test
    void refusesWhatWasChangedInTheBucket(TestInfo test) throws IOException {
        try (TestWorld world = world(test);
                Deployer deployer = world.deployer()) {
            SubModelRelease good = world.release("python", 1);
            deployer.install(good);
            SubModelRelease attacked = world.checkpointRelease("python", 2);
            String name = "python/2/checkpoint/config.json";
            world.store.delete(name);
            world.store.put(name, Files.writeString(world.draft(), "{}"));

            assertThat(deployer.install(attacked)).singleElement().satisfies(deployment -> {
                assertThat(deployment.state()).isEqualTo(State.REFUSED);
                assertThat(deployment.reason()).contains("config.json' is damaged");
            });
            world.assertInstalled(good);
        }
    }

    @Test
    void triesAgainLaterWhenTheBucketLacksAnArtifact(TestInfo test) throws IOException {
        try (TestWorld world = world(test)) {
            SubModelRelease release = world.release("python", 1);
            String name = release.artifacts().getFirst().uri();
            Path kept = world.draft();
            try (var in = world.store.read(name)) {
                Files.copy(in, kept);
            }
            world.store.delete(name);
            try (Deployer deployer = world.deployer()) {
                assertThat(deployer.install(release))
                        .singleElement()
                        .extracting(SubModelDeployment::reason)
                        .asString()
                        .contains("there is no artifact '" + name + "' in s3://");
            }
            world.store.put(name, kept);

            try (Deployer deployer = world.deployer()) {
                deployer.installKnown(release);
            }

            world.assertInstalled(release);
        }
    }

    private TestWorld world(TestInfo test) throws IOException {
        return new TestWorld(
                directory, server.store(test.getTestMethod().orElseThrow().getName()));
    }
}
