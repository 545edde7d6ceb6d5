package dev.sparsecast.schemas.serde;

import io.confluent.kafka.schemaregistry.client.rest.exceptions.RestClientException;
import io.confluent.kafka.serializers.KafkaAvroDeserializer;
import io.confluent.kafka.serializers.KafkaAvroSerializer;
import java.time.Duration;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;

/** A serde of one of our records: Confluent's Avro serializer and deserializer with the mapping around them. */
final class RecordSerde<T, A extends SpecificRecord> implements Serde<T> {
    private static final int CONFLICT = 409;
    private static final int REGISTRATIONS = 5;
    private static final Duration PAUSE = Duration.ofMillis(50);

    private final AvroMapping<T, A> mapping;
    private final KafkaAvroSerializer avroSerializer = new KafkaAvroSerializer();
    private final KafkaAvroDeserializer avroDeserializer = new KafkaAvroDeserializer();

    RecordSerde(AvroMapping<T, A> mapping, Map<String, ?> settings) {
        this.mapping = mapping;
        avroSerializer.configure(settings, false);
        avroDeserializer.configure(settings, false);
    }

    @Override
    public Serializer<T> serializer() {
        return new Serializer<>() {
            @Override
            public byte @Nullable [] serialize(String topic, @Nullable T value) {
                return value == null ? null : write(topic, mapping.toAvro(value));
            }

            @Override
            public void close() {
                avroSerializer.close();
            }
        };
    }

    @Override
    public Deserializer<T> deserializer() {
        return new Deserializer<>() {
            @Override
            public @Nullable T deserialize(String topic, byte @Nullable [] bytes) {
                return bytes == null ? null : read(topic, bytes);
            }

            @Override
            public void close() {
                avroDeserializer.close();
            }
        };
    }

    private byte[] write(String topic, A value) {
        for (int attempt = 1; ; attempt++) {
            try {
                return avroSerializer.serialize(topic, value);
            } catch (RuntimeException e) {
                if (attempt == REGISTRATIONS || !isConflict(e)) {
                    throw e;
                }
                pause(attempt, e);
            }
        }
    }

    /**
     * Whether the registry answered 409. A registry says so not only of an incompatible schema: of two clients that register
     * the same new subject at once, one may be told that it exists already, and finds it when it asks again.
     */
    private static boolean isConflict(RuntimeException failure) {
        return failure.getCause() instanceof RestClientException refusal && refusal.getStatus() == CONFLICT;
    }

    private static void pause(int attempt, RuntimeException failure) {
        try {
            Thread.sleep(PAUSE.multipliedBy(attempt));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw failure;
        }
    }

    private T read(String topic, byte[] bytes) {
        Object avro = avroDeserializer.deserialize(topic, bytes);
        if (!mapping.avroType().isInstance(avro)) {
            throw new SerializationException("expected a record of type "
                    + mapping.avroType().getSimpleName() + " on topic " + topic + " but found another");
        }
        try {
            return mapping.fromAvro(mapping.avroType().cast(avro));
        } catch (IllegalArgumentException e) {
            throw new SerializationException("record on topic " + topic + " makes no sense: " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        avroSerializer.close();
        avroDeserializer.close();
    }
}
