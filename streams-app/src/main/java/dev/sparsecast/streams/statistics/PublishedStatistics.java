package dev.sparsecast.streams.statistics;

import dev.sparsecast.schemas.ActivationStatistics;
import dev.sparsecast.schemas.GroupKey;
import dev.sparsecast.schemas.LayerKey;
import dev.sparsecast.schemas.Totals;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;
import org.jspecify.annotations.Nullable;

/** Reads from the stores of this instance what was published, while the stream goes on. */
public final class PublishedStatistics {
    private static final int ATTEMPTS = 20;

    private final EpochSettings settings;
    private final Stores stores;

    /** Finds a store of this instance by its name. */
    public interface Stores {
        <V> ReadOnlyKeyValueStore<String, V> named(String name);
    }

    /**
     * What a group has in the layers of this instance.
     *
     * @param layers decoder blocks of the model
     * @param tokens lifetime tokens by layer
     */
    public record GroupSummary(GroupKey group, int layers, Map<Integer, Long> tokens) {
        public GroupSummary {
            tokens = Map.copyOf(tokens);
        }
    }

    public PublishedStatistics(EpochSettings settings, Stores stores) {
        this.settings = settings;
        this.stores = stores;
    }

    /** The groups that have published statistics in this instance. */
    public List<GroupSummary> groups() {
        Map<GroupKey, GroupSummary> groups = new TreeMap<>();
        try (KeyValueIterator<String, Ledger> all =
                stores.<Ledger>named(StatisticsStores.LEDGERS).all()) {
            all.forEachRemaining(entry -> {
                if (entry.value.published().flushes() > 0) {
                    LayerKey key = LayerKey.parse(entry.key);
                    groups.merge(
                            key.group(),
                            new GroupSummary(
                                    key.group(),
                                    entry.value.shape().layers(),
                                    Map.of(key.layer(), entry.value.published().tokens())),
                            PublishedStatistics::union);
                }
            });
        }
        return List.copyOf(groups.values());
    }

    private static GroupSummary union(GroupSummary one, GroupSummary other) {
        Map<Integer, Long> tokens = new TreeMap<>(one.tokens());
        tokens.putAll(other.tokens());
        return new GroupSummary(one.group(), one.layers(), tokens);
    }

    /**
     * The statistics of a layer up to the epoch that was published last; empty if there are none in this instance. A late
     * flush may be in them already that is not published yet: they are those that will be published next, and like all
     * statistics they say which flushes they hold.
     *
     * @throws IllegalStateException if the layer changed all the time while it was read; ask again
     */
    public Optional<ActivationStatistics> of(LayerKey key) {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            Ledger before = ledger(key);
            if (before == null || before.published().flushes() == 0) {
                return Optional.empty();
            }
            Optional<RunningSums> sums = sums(key, before);
            // Whatever else was read belongs to this ledger if the ledger is still the same.
            if (sums.isPresent() && before.equals(ledger(key))) {
                return Optional.of(RunningStatistics.statistics(
                        settings, before.shape(), before.through(before.publishedThrough()), sums.get()));
            }
        }
        throw new IllegalStateException("the statistics of " + key + " change all the time");
    }

    private @Nullable Ledger ledger(LayerKey key) {
        return stores.<Ledger>named(StatisticsStores.LEDGERS).get(key.toString());
    }

    private Optional<RunningSums> sums(LayerKey key, Ledger ledger) {
        ReadOnlyKeyValueStore<String, Totals> epochs = stores.named(StatisticsStores.EPOCHS);
        List<Totals> open = new ArrayList<>();
        for (long epoch : ledger.open().headMap(ledger.publishedThrough(), true).keySet()) {
            Totals totals = epochs.get(StatisticsStores.epochKey(key.toString(), epoch));
            if (totals == null) {
                return Optional.empty(); // sealed meanwhile
            }
            open.add(totals);
        }
        RunningSums sealed = stores.<RunningSums>named(StatisticsStores.TOTALS).get(key.toString());
        return Optional.of(Objects.requireNonNullElseGet(sealed, () -> RunningSums.none(ledger.shape()))
                .then(open, settings.halfLifeTokens()));
    }
}
