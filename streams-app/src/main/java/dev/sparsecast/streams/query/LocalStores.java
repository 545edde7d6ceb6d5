package dev.sparsecast.streams.query;

import dev.sparsecast.schemas.GroupKey;
import dev.sparsecast.streams.drift.DriftHistory;
import dev.sparsecast.streams.drift.DriftStores;
import dev.sparsecast.streams.statistics.EpochSettings;
import dev.sparsecast.streams.statistics.PublishedStatistics;
import java.util.Optional;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.state.HostInfo;
import org.apache.kafka.streams.state.QueryableStoreTypes;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;

/** The stores of this instance, as far as its partitions go. */
final class LocalStores implements PublishedStatistics.Stores {
    private final KafkaStreams streams;
    private final HostInfo self;
    private final PublishedStatistics statistics;

    LocalStores(KafkaStreams streams, HostInfo self, EpochSettings settings) {
        this.streams = streams;
        this.self = self;
        this.statistics = new PublishedStatistics(settings, this);
    }

    @Override
    public <V> ReadOnlyKeyValueStore<String, V> named(String name) {
        return streams.store(StoreQueryParameters.fromNameAndType(name, QueryableStoreTypes.keyValueStore()));
    }

    /**
     * Whether this instance holds partitions of a store. With more instances than partitions some hold none of them, and
     * Kafka Streams has the same exception for that as for a store that moves.
     */
    boolean holds(String name) {
        return streams.metadataForAllStreamsClients().stream()
                .filter(instance -> self.equals(instance.hostInfo()))
                .allMatch(instance -> instance.stateStoreNames().contains(name));
    }

    PublishedStatistics statistics() {
        return statistics;
    }

    Optional<DriftHistory> drift(GroupKey group) {
        return Optional.ofNullable(this.<DriftHistory>named(DriftStores.HISTORY).get(group.toString()));
    }
}
