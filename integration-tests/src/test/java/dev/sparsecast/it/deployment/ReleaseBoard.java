package dev.sparsecast.it.deployment;

import dev.sparsecast.cli.cluster.TopicSetup;
import dev.sparsecast.cli.stack.EmbeddedBroker;
import dev.sparsecast.deployer.DeployerSettings;
import dev.sparsecast.deployer.TestWorld;
import dev.sparsecast.it.TopicContents;
import dev.sparsecast.schemas.SubModelDeployment;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.Rollout;
import dev.sparsecast.schemas.Topics;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.cluster.TopicCatalogue;
import dev.sparsecast.schemas.serde.SparsecastSerdes;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** A broker with the topics, a small base model, a store and a signer: stands in for everything before the deployers. */
final class ReleaseBoard implements AutoCloseable {
    final TestWorld world;
    final ClusterSettings cluster;
    private final Path directory;
    private final EmbeddedBroker broker;
    private final SparsecastSerdes serdes;
    private final Path trusted;

    private ReleaseBoard(Path directory, EmbeddedBroker broker, String name) throws Exception {
        this.directory = directory;
        this.broker = broker;
        this.cluster = new ClusterSettings(broker.bootstrapServers(), "mock://" + name);
        this.serdes = new SparsecastSerdes(cluster);
        this.world = new TestWorld(directory.resolve("world"));
        world.key.write(directory.resolve("pruner.key"));
        this.trusted = directory.resolve("pruner.pub");
        try (Admin admin = Admin.create(cluster.client(Map.of()))) {
            TopicSetup.create(admin, TopicCatalogue.topics(List.of("python"), 1), Optional.empty());
        }
    }

    /** @param name of the registry, other than that of all other tests of this process */
    static ReleaseBoard open(Path directory, String name) throws Exception {
        return new ReleaseBoard(directory, EmbeddedBroker.start(directory.resolve("broker"), 0), name);
    }

    /** A signed release of {@code python}. */
    SubModelRelease release(int version, double canaryShare, Integer... revoked) {
        return world.key.sign(world.unsigned("python", version)
                .withRollout(new Rollout(canaryShare, false, OptionalInt.empty(), List.of(revoked))));
    }

    /** Puts a release on the topic. */
    void announce(SubModelRelease release) throws Exception {
        byte[] value = serdes.releases().serializer().serialize(Topics.SUBMODEL_RELEASES, release);
        try (KafkaProducer<String, byte[]> producer =
                new KafkaProducer<>(cluster.client(Map.of()), new StringSerializer(), new ByteArraySerializer())) {
            producer.send(new ProducerRecord<>(
                            Topics.SUBMODEL_RELEASES, release.key().toString(), value))
                    .get();
        }
    }

    /** All that deployers have acknowledged, in the order of the topic. */
    List<SubModelDeployment> acknowledgements() {
        List<SubModelDeployment> found = new ArrayList<>();
        TopicContents.forEach(
                cluster,
                Topics.SUBMODEL_DEPLOYMENTS,
                serdes.deployments().deserializer(),
                message -> found.add(message.value()));
        return found;
    }

    /** Settings of a deployer that never loses its patience with canaries. */
    DeployerSettings settings(String deployer) {
        return DeployerSettings.of(
                        deployer,
                        cluster,
                        world.base.directory(),
                        world.storeDirectory.toString(),
                        directory.resolve("state").resolve(deployer),
                        List.of(trusted))
                .withThreads(1)
                .withCanaryPatience(Duration.ofDays(100_000));
    }

    @Override
    public void close() {
        world.close();
        broker.close();
    }
}
