package dev.sparsecast.pruner.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.schemas.SubModelCommand;
import dev.sparsecast.schemas.SubModelDecision;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.PruningRecipe;
import dev.sparsecast.schemas.SubModelRelease.Quality;
import dev.sparsecast.schemas.SubModelRelease.Signature;
import dev.sparsecast.schemas.SubModelRelease.Trigger;
import dev.sparsecast.schemas.Topics;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.serde.SparsecastSerdes;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.common.errors.OutOfOrderSequenceException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;

class ReleaseAnnouncerTest {
    private static final SubModelRelease RELEASE = new SubModelRelease(
            "tiny@0123456789ab",
            "python",
            3,
            OptionalInt.of(2),
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

    private final MockProducer<byte[], byte[]> producer =
            new MockProducer<>(true, null, new ByteArraySerializer(), new ByteArraySerializer());

    private ReleaseAnnouncer announcer(SparsecastSerdes serdes) {
        try (MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("earliest")) {
            return new ReleaseAnnouncer(producer, serdes, consumer.groupMetadata());
        }
    }

    private ReleaseAnnouncer announcer() {
        return announcer(FakeTopics.SERDES);
    }

    @Test
    void announcesInATransactionOfItsOwn() {
        announcer().announce(Announcement.of(RELEASE));
        assertThat(producer.commitCount()).isEqualTo(1);
        assertThat(producer.history()).singleElement().satisfies(record -> {
            assertThat(record.topic()).isEqualTo(Topics.SUBMODEL_RELEASES);
            assertThat(new String(record.key(), StandardCharsets.UTF_8)).isEqualTo("tiny@0123456789ab/python");
            assertThat(FakeTopics.SERDES.releases().deserializer().deserialize(record.topic(), record.value()))
                    .isEqualTo(RELEASE);
        });
    }

    /** What was acted on and what came of it are one transaction, so that neither can be without the other. */
    @Test
    void announcesDecisionsAndForgetsCommandsInTheSameTransaction() {
        SubModelCommand command = new SubModelCommand(
                "c-1",
                RELEASE.model(),
                "python",
                SubModelCommand.Action.PIN,
                OptionalInt.of(2),
                2,
                "alice",
                "",
                Instant.EPOCH,
                "",
                Signature.NONE);
        SubModelDecision decision = SubModelDecision.answer(
                command, Instant.EPOCH, SubModelDecision.Outcome.DONE, "pinned", OptionalInt.of(3));
        announcer().announce(new Announcement(Optional.of(RELEASE), List.of(decision), List.of(command)));
        assertThat(producer.commitCount()).isEqualTo(1);
        assertThat(producer.history()).hasSize(3);
        var forgotten = producer.history().getLast();
        assertThat(forgotten.topic()).isEqualTo(Topics.SUBMODEL_COMMANDS);
        assertThat(new String(forgotten.key(), StandardCharsets.UTF_8)).isEqualTo("tiny@0123456789ab/python/c-1");
        assertThat(forgotten.value()).isNull();
        var told = producer.history().get(1);
        assertThat(FakeTopics.SERDES.decisions().deserializer().deserialize(told.topic(), told.value()))
                .isEqualTo(decision);
    }

    @Test
    void stopsWhenAnotherPrunerHasTakenOver() {
        ReleaseAnnouncer announcer = announcer();
        producer.fenceProducer();
        assertThatThrownBy(() -> announcer.announce(Announcement.of(RELEASE)))
                .isInstanceOf(ReplacedException.class)
                .hasMessageContaining("another pruner");
        assertThatThrownBy(announcer::confirm)
                .isInstanceOf(ReplacedException.class)
                .hasMessageContaining("another pruner");
        assertThat(producer.history()).isEmpty();
    }

    @Test
    void confirmsThatItIsInChargeWithoutATrace() {
        ReleaseAnnouncer announcer = announcer();
        announcer.confirm();
        assertThat(producer.history()).isEmpty();
        assertThat(producer.consumerGroupOffsetsHistory()).isEmpty();
        announcer.announce(Announcement.of(RELEASE));
        assertThat(producer.history()).hasSize(1);
    }

    @Test
    void endsWhenItIsNotKnownWhetherTheReleaseWasAnnounced() {
        ReleaseAnnouncer announcer = announcer();
        producer.commitTransactionException = new OutOfOrderSequenceException("lost");
        assertThatThrownBy(() -> announcer.announce(Announcement.of(RELEASE)))
                .isInstanceOf(PrunerException.class)
                .hasMessageContaining("version 3 of sub-model 'python' may or may not have been announced");
    }

    /** Then nothing was announced, for certain, and it may be tried again. */
    @Test
    void opensNoTransactionBeforeTheRegistryHasAnswered() {
        ReleaseAnnouncer announcer =
                announcer(new SparsecastSerdes(new ClusterSettings("nowhere:1", "http://127.0.0.1:1")));
        assertThatThrownBy(() -> announcer.announce(Announcement.of(RELEASE)))
                .isInstanceOf(SerializationException.class);
        assertThat(producer.transactionInFlight()).isFalse();
    }
}
