package dev.sparsecast.streams.state;

import java.nio.BufferUnderflowException;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;

/**
 * Serde of one kind of state entry: a version number, then the parts that the kind writes. Entries of earlier versions are
 * read as long as there is a reader for them, and written anew in the current version whenever they change: stores and
 * changelogs outlive an update. An entry of a version that this program does not know is refused, never guessed at.
 *
 * @param <T> what an entry holds
 */
public final class StateSerde<T> implements Serde<T> {
    private final String what;
    private final int version;
    private final BiConsumer<StateWriter, T> write;
    private final Map<Integer, Function<StateReader, T>> readers = new HashMap<>();
    /** Size of the entry written last: entries of a kind are mostly of one size, so that the next one is written in place. */
    private volatile int expectedBytes = 256;

    /**
     * A serde.
     *
     * @param what what an entry is, for messages
     * @param version number of the form that {@code write} and {@code read} know
     */
    public StateSerde(String what, int version, BiConsumer<StateWriter, T> write, Function<StateReader, T> read) {
        this.what = what;
        this.version = version;
        this.write = write;
        this.readers.put(version, read);
    }

    /** Reads an earlier version, too. */
    public StateSerde<T> reading(int earlier, Function<StateReader, T> read) {
        readers.put(earlier, read);
        return this;
    }

    @Override
    public Serializer<T> serializer() {
        return (topic, value) -> value == null ? null : toBytes(value);
    }

    @Override
    public Deserializer<T> deserializer() {
        return (topic, bytes) -> bytes == null ? null : fromBytes(topic, bytes);
    }

    private byte[] toBytes(T value) {
        StateWriter writer = new StateWriter(expectedBytes).putInt(version);
        write.accept(writer, value);
        byte[] bytes = writer.toBytes();
        expectedBytes = bytes.length;
        return bytes;
    }

    private T fromBytes(@Nullable String topic, byte[] bytes) {
        try {
            StateReader reader = new StateReader(bytes);
            int found = reader.getInt();
            Function<StateReader, T> read = readers.get(found);
            if (read == null) {
                throw new SerializationException(
                        "an entry of " + topic + " holds a " + what + " of version " + found
                                + ", but this program knows only up to version " + version
                                + ": run the newer version that wrote it, or reset the streams app ('sparsecast streams reset')");
            }
            T value = read.apply(reader);
            if (!reader.isAtEnd()) {
                throw new SerializationException("an entry of " + topic + " is longer than a " + what);
            }
            return value;
        } catch (BufferUnderflowException | IllegalArgumentException e) {
            throw new SerializationException("an entry of " + topic + " is no " + what, e);
        }
    }
}
