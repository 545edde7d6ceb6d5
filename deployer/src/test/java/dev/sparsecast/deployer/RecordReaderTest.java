package dev.sparsecast.deployer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsecast.schemas.SubModelDeployment;
import dev.sparsecast.schemas.SubModelKey;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.Topics;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.serde.SparsecastSerdes;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.serialization.Serde;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecordReaderTest {
    private static final byte[] KEY = "key".getBytes(StandardCharsets.UTF_8);

    @TempDir
    Path directory;

    private final SparsecastSerdes serdes = new SparsecastSerdes(new ClusterSettings("", "mock://release-reader"));
    private final Serde<SubModelRelease> serde = serdes.releases();
    private final Serde<SubModelDeployment> deployments = serdes.deployments();
    private final RecordReader reader = new RecordReader(serde.deserializer(), deployments.deserializer());

    @Test
    void readsAReleaseSoThatItsSignatureStillFits() throws Exception {
        try (TestWorld world = new TestWorld(directory)) {
            SubModelRelease release = world.release("python", 1);

            assertThat(read(KEY, serialized(release))).isInstanceOfSatisfying(RecordReader.Read.Release.class, read -> {
                assertThat(read.announcement().release()).isEqualTo(release);
                assertThat(world.key.verifyingKey().verifies(read.announcement().release()))
                        .isTrue();
                assertThat(read.announcement().known()).isTrue();
            });
        }
    }

    @Test
    void passesOverTombstones() {
        assertThat(read(KEY, null)).isInstanceOf(RecordReader.Read.Nothing.class);
    }

    @Test
    void cannotReadWhatIsNoRelease() {
        assertThat(read(KEY, new byte[] {1, 2, 3})).isInstanceOf(RecordReader.Read.Unreadable.class);
        assertThat(read(KEY, new byte[0])).isInstanceOf(RecordReader.Read.Unreadable.class);
        assertThat(read(null, new byte[0])).isInstanceOf(RecordReader.Read.Unreadable.class);
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
                            RecordReader.Read.Unreadable.class,
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
            RecordReader waiting = new RecordReader(unreachable.deserializer(), deployments.deserializer());
            byte[] value = serialized(world.release("python", 1));

            assertThat(waiting.read(new ConsumerRecord<>(Topics.SUBMODEL_RELEASES, 0, 0, KEY, value), false))
                    .isInstanceOf(RecordReader.Read.Unknown.class);
        }
    }

    @Test
    void readsWhatOtherDeployersHaveAcknowledged() {
        SubModelDeployment word = new SubModelDeployment(
                "tiny@0123456789ab",
                "python",
                "deployer-2",
                3,
                SubModelDeployment.State.DEPLOYED,
                "",
                "",
                "",
                Instant.EPOCH,
                Instant.EPOCH,
                Map.of());
        byte[] value = deployments.serializer().serialize(Topics.SUBMODEL_DEPLOYMENTS, word);

        assertThat(acknowledgement(word.key(), value)).isEqualTo(new RecordReader.Read.Acknowledgement(word));
        assertThat(acknowledgement(word.key(), null))
                .isEqualTo(
                        new RecordReader.Read.Forgotten(new SubModelKey("tiny@0123456789ab", "python"), "deployer-2"));
        assertThat(acknowledgement("tiny@0123456789ab/python/deployer-3", value))
                .isInstanceOf(RecordReader.Read.Unreadable.class);
        assertThat(acknowledgement("nonsense", null)).isInstanceOf(RecordReader.Read.Unreadable.class);
    }

    private RecordReader.Read acknowledgement(String key, byte @Nullable [] value) {
        return reader.read(
                new ConsumerRecord<>(Topics.SUBMODEL_DEPLOYMENTS, 0, 0, key.getBytes(StandardCharsets.UTF_8), value),
                false);
    }

    private byte[] serialized(SubModelRelease release) {
        return serde.serializer().serialize(Topics.SUBMODEL_RELEASES, release);
    }

    private RecordReader.Read read(byte[] key, byte[] value) {
        return reader.read(new ConsumerRecord<>(Topics.SUBMODEL_RELEASES, 0, 0, key, value), true);
    }
}
