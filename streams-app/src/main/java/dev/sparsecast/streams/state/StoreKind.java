package dev.sparsecast.streams.state;

import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/** Where stores keep their entries. Both kinds have a changelog, so that neither loses any. */
public enum StoreKind {
    /** On disk: state may be larger than memory, and a restart finds it again. */
    PERSISTENT,
    /** In memory: restored from the changelog at every start. */
    IN_MEMORY;

    /** A store of text keys. */
    public <T> StoreBuilder<KeyValueStore<String, T>> store(String name, Serde<T> values) {
        return Stores.keyValueStoreBuilder(
                switch (this) {
                    case PERSISTENT -> Stores.persistentKeyValueStore(name);
                    case IN_MEMORY -> Stores.inMemoryKeyValueStore(name);
                },
                Serdes.String(),
                values);
    }
}
