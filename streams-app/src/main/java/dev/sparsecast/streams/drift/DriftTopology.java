package dev.sparsecast.streams.drift;

import dev.sparsecast.schemas.ActivationStatistics;
import dev.sparsecast.schemas.DriftReport;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.Topics;
import dev.sparsecast.streams.state.StoreKind;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Repartitioned;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;

/** Statistics and releases to drift reports. */
public final class DriftTopology {
    private DriftTopology() {}

    /**
     * Adds drift to a topology.
     *
     * @param statistics what is published of each layer, keyed by layer
     * @param releases serde of releases
     * @return reports, keyed by group
     */
    public static KStream<String, DriftReport> build(
            StreamsBuilder builder,
            DriftSettings settings,
            StoreKind stores,
            KStream<String, ActivationStatistics> statistics,
            Serde<SubModelRelease> releases) {
        builder.addGlobalStore(
                DriftStores.releases(releases),
                Topics.SUBMODEL_RELEASES,
                Consumed.with(Serdes.String(), releases).withName("releases"),
                NewestRelease::new);
        return statistics
                .process(LayerDrift.supplier(settings, stores), Named.as("layer-drift"))
                .repartition(Repartitioned.with(Serdes.String(), DriftStores.MEASUREMENT)
                        .withName("layer-drift-by-group"))
                .process(GroupDrift.supplier(settings, stores), Named.as("group-drift"));
    }

    /** Keeps the newest release of each sub-model. */
    private static final class NewestRelease extends ContextualProcessor<String, SubModelRelease, Void, Void> {
        @Override
        public void process(Record<String, SubModelRelease> record) {
            KeyValueStore<String, SubModelRelease> store = context().getStateStore(DriftStores.RELEASES);
            store.put(record.key(), record.value());
        }
    }
}
