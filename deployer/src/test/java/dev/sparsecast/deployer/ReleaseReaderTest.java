package dev.sparsecast.deployer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.Topics;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.serde.SparsecastSerdes;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.serialization.Serde;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReleaseReaderTest {
    private static final byte[] KEY = "key".getBytes(StandardCharsets.UTF_8);

    @TempDir
    Path directory;

    private final Serde<SubModelRelease> serde =
            new SparsecastSerdes(new ClusterSettings("", "mock://release-reader")).releases();
    private final ReleaseReader reader = new ReleaseReader(serde.deserializer());

    @Test
    void readsAReleaseSoThatItsSignatureStillFits() throws Exception {
        try (TestWorld world = new TestWorld(directory)) {
            SubModelRelease release = world.release("python", 1);

            assertThat(read(KEY, serialized(release)))
                    .isInstanceOfSatisfying(ReleaseReader.Read.Release.class, read -> {
                        assertThat(read.announcement().release()).isEqualTo(release);
                        assertThat(world.key
                                        .verifyingKey()
                                        .verifies(read.announcement().release()))
                                .isTrue();
                        assertThat(read.announcement().known()).isTrue();
                    });
        }
    }

    @Test
    void passesOverTombstones() {
        assertThat(read(KEY, null)).isInstanceOf(ReleaseReader.Read.Nothing.class);
    }

    @Test
    void cannotReadWhatIsNoRelease() {
        assertThat(read(KEY, new byte[] {1, 2, 3})).isInstanceOf(ReleaseReader.Read.Unreadable.class);
        assertThat(read(KEY, new byte[0])).isInstanceOf(ReleaseReader.Read.Unreadable.class);
        assertThat(read(null, new byte[0])).isInstanceOf(ReleaseReader.Read.Unreadable.class);
    }

    @Test
    void cannotReadAReleaseWhoseNameIsAPath() throws Exception {
        try (TestWorld world = new TestWorld(directory)) {
            SubModelRelease good = world.release("python", 1);
            SubModelRelease named = new SubModelRelease(
                    good.model(),
                    "../../escaped",
                    good.version(),
                    good.parent(),
                    good.baseDigest(),
                    good.trigger(),
                    good.recipe(),
                    good.artifacts(),
                    good.quality(),
                    good.provenance(),
                    good.snapshotAt(),
                    good.releasedAt(),
                    "",
                    SubModelRelease.Signature.NONE);

            assertThat(read(KEY, serialized(world.key.sign(named))))
                    .isInstanceOfSatisfying(
                            ReleaseReader.Read.Unreadable.class,
                            read -> assertThat(read.reason()).contains("../../escaped"));
            try (TestWorld.Deployer deployer = world.deployer()) {
                assertThat(deployer.install(world.key.sign(named))).isEmpty();
            }
            assertThat(directory.resolve("escaped")).doesNotExist();
        }
    }

    @Test
    void waitsForARegistryThatDoesNotAnswer() throws Exception {
        try (TestWorld world = new TestWorld(directory);
                Serde<SubModelRelease> unreachable =
                        new SparsecastSerdes(new ClusterSettings("", "http://127.0.0.1:9")).releases()) {
            ReleaseReader waiting = new ReleaseReader(unreachable.deserializer());
            byte[] value = serialized(world.release("python", 1));

            assertThat(waiting.read(new ConsumerRecord<>(Topics.SUBMODEL_RELEASES, 0, 0, KEY, value), false))
                    .isInstanceOf(ReleaseReader.Read.Unknown.class);
        }
    }

    private byte[] serialized(SubModelRelease release) {
        return serde.serializer().serialize(Topics.SUBMODEL_RELEASES, release);
    }

    private ReleaseReader.Read read(byte[] key, byte[] value) {
        return reader.read(new ConsumerRecord<>(Topics.SUBMODEL_RELEASES, 0, 0, key, value), true);
    }
}
