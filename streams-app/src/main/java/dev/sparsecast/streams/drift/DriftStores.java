package dev.sparsecast.streams.drift;

import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.streams.state.StateSerde;
import dev.sparsecast.streams.state.StoreKind;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/** The stores of drift. */
public final class DriftStores {
    /** {@code model/submodel} to its newest release, on every instance. */
    public static final String RELEASES = "drift-releases";
    /** {@code model/language/domain/layer} to where its drift stands. */
    public static final String LAYERS = "drift-layers";
    /** {@code model/language/domain/layer@number} to the lifetime sums at the end of a part. */
    public static final String CUTS = "drift-cuts";
    /** {@code model/language/domain/layer@number} to root mean squares of statistics that were published. */
    public static final String SNAPSHOTS = "drift-snapshots";
    /** {@code model/language/domain/layer} to root mean squares of the release compared with. */
    public static final String REFERENCES = "drift-references";
    /** {@code model/language/domain} to where its drift stands. */
    public static final String GROUPS = "drift-groups";
    /** {@code model/language/domain} to its newest reports, oldest first. */
    public static final String HISTORY = "drift-history";

    static final Serde<LayerProgress> LAYER_PROGRESS =
            new StateSerde<>("drift of a layer", 1, (out, progress) -> progress.write(out), LayerProgress::read);
    static final Serde<SquareSums> SQUARE_SUMS =
            new StateSerde<>("vector of sums", 1, (out, sums) -> sums.write(out), SquareSums::read);
    static final Serde<Rms> RMS =
            new StateSerde<>("vector of root mean squares", 1, (out, rms) -> rms.write(out), Rms::read);
    static final Serde<Measurement> MEASUREMENT =
            new StateSerde<>("drift measurement", 1, (out, measurement) -> measurement.write(out), Measurement::read);
    static final Serde<GroupProgress> GROUP_PROGRESS =
            new StateSerde<>("drift of a group", 1, (out, progress) -> progress.write(out), GroupProgress::read);

    static final Serde<DriftHistory> DRIFT_HISTORY =
            new StateSerde<>("drift history", 1, (out, history) -> history.write(out), DriftHistory::read);

    private DriftStores() {}

    /** The store of releases; few and small, so in memory, and filled from the topic itself. */
    static StoreBuilder<KeyValueStore<String, SubModelRelease>> releases(Serde<SubModelRelease> values) {
        return Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore(RELEASES), Serdes.String(), values)
                .withLoggingDisabled();
    }

    // In a fixed order, so that the description of the topology always reads the same.
    static Set<StoreBuilder<?>> ofLayers(StoreKind kind) {
        return new LinkedHashSet<>(List.of(
                kind.store(LAYERS, LAYER_PROGRESS),
                kind.store(CUTS, SQUARE_SUMS),
                kind.store(SNAPSHOTS, RMS),
                kind.store(REFERENCES, RMS)));
    }

    static Set<StoreBuilder<?>> ofGroups(StoreKind kind) {
        return new LinkedHashSet<>(List.of(kind.store(GROUPS, GROUP_PROGRESS), kind.store(HISTORY, DRIFT_HISTORY)));
    }

    /** The key of one of several vectors of a layer. */
    static String numbered(String key, long number) {
        return key + "@" + number;
    }
}
