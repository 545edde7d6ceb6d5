package dev.sparsecast.schemas.serde;

import org.apache.avro.specific.SpecificRecord;

/**
 * Between a record of ours and its generated Avro class.
 *
 * @param <T> ours
 * @param <A> Avro's
 */
interface AvroMapping<T, A extends SpecificRecord> {
    Class<A> avroType();

    A toAvro(T value);

    /** Throws {@link org.apache.kafka.common.errors.SerializationException} with one sentence if the content makes no sense. */
    T fromAvro(A value);
}
