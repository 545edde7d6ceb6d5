package dev.sparsecast.schemas.serde;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.schemas.ActivationNorms;
import dev.sparsecast.schemas.Samples;
import dev.sparsecast.schemas.SourceSketch;
import dev.sparsecast.schemas.SubModelDecision;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import io.confluent.kafka.serializers.KafkaAvroSerializer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Serde;
import org.junit.jupiter.api.Test;

class SparsecastSerdesTest {
    private final ClusterSettings cluster = new ClusterSettings("unused:1", "mock://serdes");
    private final SparsecastSerdes serdes = new SparsecastSerdes(cluster);

    @Test
    void everyRecordComesBackAsItWas() {
        assertRoundTrip("prompts.python", serdes.prompts(), Samples.prompt());
        assertRoundTrip("activation-norms", serdes.activationNorms(), Samples.norms());
        assertRoundTrip("activation-statistics", serdes.activationStatistics(), Samples.statistics());
        assertRoundTrip("activation-drift", serdes.driftReports(), Samples.drift());
        assertRoundTrip("submodel-releases", serdes.releases(), Samples.release());
        assertRoundTrip("submodel-releases", serdes.releases(), Samples.releaseWithBudget());
        assertRoundTrip("submodel-releases", serdes.releases(), Samples.releaseWithRollout());
        assertRoundTrip("submodel-deployments", serdes.deployments(), Samples.deployment());
        assertRoundTrip("submodel-commands", serdes.commands(), Samples.command());
        assertRoundTrip("submodel-decisions", serdes.decisions(), Samples.decision());
        assertRoundTrip(
                "submodel-decisions",
                serdes.decisions(),
                SubModelDecision.answer(
                        Samples.command(), Samples.AT, SubModelDecision.Outcome.REFUSED, "no", OptionalInt.empty()));
    }

    @Test
    void aFirstReleaseHasNoParentAndNoCurrentPerplexity() {
        SubModelRelease release = Samples.release();
        SubModelRelease first = new SubModelRelease(
                release.model(),
                release.submodel(),
                1,
                OptionalInt.empty(),
                release.baseDigest(),
                SubModelRelease.Trigger.FIRST,
                release.recipe(),
                release.artifacts(),
                new SubModelRelease.Quality(1, 2, 3, 4, OptionalDouble.empty()),
                release.provenance(),
                release.snapshotAt(),
                release.releasedAt(),
                "k",
                SubModelRelease.Signature.of(new byte[] {1, -1}));
        assertRoundTrip("submodel-releases", serdes.releases(), first);
    }

    /** As a worker of before there were sketches wrote them, with the schema that it registered. */
    @Test
    void normsOfAnOldWorkerAreStillRead() throws IOException {
        Schema old =
                new Schema.Parser().parse(Files.readString(Path.of("src/test/schema-versions/ActivationNorms/1.avsc")));
        ActivationNorms expected = Samples.norms();
        GenericRecord tap = new GenericData.Record(old.getField("taps").schema().getElementType());
        tap.put("tap", "attention_input");
        tap.put("channels", 3);
        tap.put("sumSquares", Numbers.bytes(expected.taps().getFirst().sumSquares()));
        tap.put("sum", Numbers.bytes(expected.taps().getFirst().sum()));
        GenericRecord norms = new GenericData.Record(old);
        norms.put("flushId", "flush-1");
        norms.put("worker", "worker-1");
        norms.put("flushedAt", Samples.AT.toEpochMilli());
        norms.put("layers", 6);
        norms.put("tokens", 100L);
        norms.put("prompts", 3L);
        norms.put("distinctSources", 2L);
        norms.put("taps", List.of(tap));

        ActivationNorms read;
        try (KafkaAvroSerializer oldWorker = new KafkaAvroSerializer();
                Serde<ActivationNorms> serde = serdes.activationNorms()) {
            oldWorker.configure(Map.of("schema.registry.url", cluster.schemaRegistryUrl()), false);
            read = serde.deserializer().deserialize("activation-norms", oldWorker.serialize("activation-norms", norms));
        }

        assertThat(read.sources()).isEqualTo(SourceSketch.EMPTY);
        assertThat(read.distinctSources()).isEqualTo(2);
        assertThat(read.flushId()).isEqualTo("flush-1");
        assertThat(read.taps()).isEqualTo(expected.taps());
    }

    @Test
    void tombstonesPass() {
        try (Serde<SubModelRelease> serde = serdes.releases()) {
            assertThat(serde.serializer().serialize("submodel-releases", null)).isNull();
            assertThat(serde.deserializer().deserialize("submodel-releases", null))
                    .isNull();
        }
    }

    @Test
    void bytesThatAreNoAvroAreRefused() {
        try (Serde<ActivationNorms> serde = serdes.activationNorms()) {
            assertThatThrownBy(() -> serde.deserializer().deserialize("activation-norms", new byte[] {1, 2, 3}))
                    .isInstanceOf(SerializationException.class);
        }
    }

    @Test
    void aVectorOfTheWrongLengthIsRefusedByName() {
        var tap = new dev.sparsecast.schemas.avro.TapNorms(
                "mlp_input", 3, ByteBuffer.allocate(12), ByteBuffer.allocate(11));
        var avro = new dev.sparsecast.schemas.avro.ActivationNorms(
                "f", "w", Samples.AT, 1, 1L, 1L, 1L, List.of(tap), ByteBuffer.allocate(0));
        assertThatThrownBy(() -> Mappings.NORMS.fromAvro(avro))
                .isInstanceOf(SerializationException.class)
                .hasMessageContaining("mlp_input")
                .hasMessageContaining("11 bytes");
    }

    @Test
    void aSumThatIsNoNumberIsRefused() {
        ByteBuffer nan =
                ByteBuffer.allocate(4).order(java.nio.ByteOrder.LITTLE_ENDIAN).putFloat(0, Float.NaN);
        assertThatThrownBy(() -> Numbers.floats("tap 'x'", nan, 1)).hasMessageContaining("no finite number");
    }

    private static <T> void assertRoundTrip(String topic, Serde<T> serde, T value) {
        try (serde) {
            byte[] bytes = serde.serializer().serialize(topic, value);
            assertThat(bytes[0]).as("magic byte of Confluent's wire format").isZero();
            assertThat(serde.deserializer().deserialize(topic, bytes)).isEqualTo(value);
        }
    }
}
