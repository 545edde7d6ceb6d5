package dev.sparsecast.pruner.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.cli.stack.EmbeddedBroker;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.PruningRecipe;
import dev.sparsecast.schemas.SubModelRelease.Quality;
import dev.sparsecast.schemas.SubModelRelease.Signature;
import dev.sparsecast.schemas.SubModelRelease.Trigger;
import dev.sparsecast.schemas.Topics;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.serde.SparsecastSerdes;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the in-memory clients of the unit tests cannot show: that a real broker fences. In this package for its classes. */
@Timeout(180)
class ReleaseAnnouncerIT {
    private static final String MODEL = "tiny@0123456789ab";

    private static SubModelRelease release(int version) {
        return new SubModelRelease(
                MODEL,
                "python",
                version,
                OptionalInt.empty(),
                "sha256:00",
                Trigger.TOKENS,
                new PruningRecipe("wanda", "unstructured", 0.5, "sha256:11", 5000),
                List.of(),
                new Quality(8, 100, 10, 12, OptionalDouble.empty()),
                List.of(),
                Instant.EPOCH,
                Instant.EPOCH,
                "",
                Signature.NONE);
    }

    private static List<Integer> announced(ClusterSettings cluster) {
        List<Integer> versions = new ArrayList<>();
        try (TopicReader reader = TopicReader.open(cluster, List.of());
                var releases = new SparsecastSerdes(cluster).releases().deserializer()) {
            while (!reader.isCaughtUp()) {
                reader.poll(Duration.ofMillis(50))
                        .forEach(record -> versions.add(releases.deserialize(record.topic(), record.value())
                                .version()));
            }
        }
        return versions;
    }

    @Test
    void onlyTheNewestPrunerOfAModelCanAnnounceOrRemove(@TempDir Path directory) throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(directory, 0)) {
            ClusterSettings cluster = new ClusterSettings(broker.bootstrapServers(), "mock://release-announcer-it");
            try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
                admin.createTopics(Stream.of(
                                        Topics.ACTIVATION_STATISTICS,
                                        Topics.ACTIVATION_DRIFT,
                                        Topics.SUBMODEL_RELEASES,
                                        Topics.SUBMODEL_COMMANDS,
                                        Topics.SUBMODEL_DECISIONS)
                                .map(topic -> new NewTopic(topic, Optional.of(1), Optional.empty()))
                                .toList())
                        .all()
                        .get();
            }
            try (ReleaseAnnouncer first = ReleaseAnnouncer.open(cluster, MODEL);
                    ReleaseAnnouncer other = ReleaseAnnouncer.open(cluster, "other@0123456789ab")) {
                first.confirm();
                first.announce(Announcement.of(release(1)));
                other.confirm();
                first.confirm();
                try (ReleaseAnnouncer second = ReleaseAnnouncer.open(cluster, MODEL)) {
                    assertThatThrownBy(first::confirm)
                            .isInstanceOf(ReplacedException.class)
                            .hasMessageContaining("another pruner for this model has taken over");
                    second.announce(Announcement.of(release(2)));
                    try (ReleaseAnnouncer third = ReleaseAnnouncer.open(cluster, MODEL)) {
                        assertThatThrownBy(() -> second.announce(Announcement.of(release(3))))
                                .isInstanceOf(ReplacedException.class)
                                .hasMessageContaining("another pruner for this model has taken over");
                        third.confirm();
                    }
                }
            }
            assertThat(announced(cluster)).containsExactly(1, 2);
        }
    }
}
