package dev.sparsecast.streams.drift;

import dev.sparsecast.schemas.ActivationStatistics;
import dev.sparsecast.schemas.GroupKey;
import dev.sparsecast.schemas.LayerKey;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.GroupProvenance;
import dev.sparsecast.schemas.TapDrift;
import dev.sparsecast.streams.drift.LayerProgress.Cut;
import dev.sparsecast.streams.drift.LayerProgress.Snapshot;
import dev.sparsecast.streams.drift.Measurement.Window;
import dev.sparsecast.streams.state.StoreKind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Measures the drift of each layer of each group: the root mean squares per channel of the recent window against those of
 * the newest release's snapshot.
 *
 * <p>The lifetime totals are cut where they pass a multiple of the part size, at the end of the epoch in which they do:
 * a place that depends on contents alone, so all layers cut at the same one, and if a late flush makes them differ once,
 * they agree again at the next. The window is the newest few parts.
 */
public final class LayerDrift implements Processor<String, ActivationStatistics, String, Measurement> {
    private static final Logger LOG = LoggerFactory.getLogger(LayerDrift.class);

    private final DriftSettings settings;
    private ProcessorContext<String, Measurement> context;
    private ReadOnlyKeyValueStore<String, SubModelRelease> releases;
    private KeyValueStore<String, LayerProgress> layers;
    private KeyValueStore<String, SquareSums> cuts;
    private KeyValueStore<String, Rms> snapshots;
    private KeyValueStore<String, Rms> references;

    @SuppressWarnings("NullAway.Init") // Kafka Streams calls init before anything else
    private LayerDrift(DriftSettings settings) {
        this.settings = settings;
    }

    static ProcessorSupplier<String, ActivationStatistics, String, Measurement> supplier(
            DriftSettings settings, StoreKind stores) {
        return new ProcessorSupplier<>() {
            @Override
            public Processor<String, ActivationStatistics, String, Measurement> get() {
                return new LayerDrift(settings);
            }

            @Override
            public Set<StoreBuilder<?>> stores() {
                return DriftStores.ofLayers(stores);
            }
        };
    }

    @Override
    public void init(ProcessorContext<String, Measurement> processorContext) {
        context = processorContext;
        releases = context.getStateStore(DriftStores.RELEASES);
        layers = context.getStateStore(DriftStores.LAYERS);
        cuts = context.getStateStore(DriftStores.CUTS);
        snapshots = context.getStateStore(DriftStores.SNAPSHOTS);
        references = context.getStateStore(DriftStores.REFERENCES);
    }

    @Override
    public void process(Record<String, ActivationStatistics> record) {
        String key = record.key();
        ActivationStatistics statistics = record.value();
        LayerProgress progress = layers.get(key);
        if (progress == null) {
            progress = LayerProgress.start(statistics.lifetime().taps().size());
        }
        progress = remember(key, progress, statistics);
        progress = refer(key, progress, statistics);
        if (isPartFull(progress.cutTokens(), statistics.lifetime().tokens())) {
            progress = cut(key, progress, statistics, record.timestamp());
        }
        layers.put(key, progress);
    }

    /** Keeps the statistics' root mean squares for when a release is made from them. */
    private LayerProgress remember(String key, LayerProgress progress, ActivationStatistics statistics) {
        Snapshot snapshot = new Snapshot(progress.nextSnapshot(), statistics.flushDigest());
        snapshots.put(
                DriftStores.numbered(key, snapshot.number()),
                Rms.of(statistics.decayed(), statistics.halfLifeTokens()));
        List<Snapshot> kept = new ArrayList<>(progress.snapshots());
        kept.add(snapshot);
        while (kept.size() > settings.keptSnapshots()) {
            snapshots.delete(DriftStores.numbered(key, kept.removeFirst().number()));
        }
        return progress.withSnapshots(kept);
    }

    /** Compares with the newest release from now on, as soon as what it was made from has been seen here. */
    private LayerProgress refer(String key, LayerProgress progress, ActivationStatistics statistics) {
        GroupKey group = LayerKey.parse(key).group();
        Optional<SubModelRelease> newest = newestRelease(group);
        if (newest.isEmpty() || ReleaseName.of(newest.get()).equals(progress.reference())) {
            return progress;
        }
        ReleaseName name = ReleaseName.of(newest.get());
        GroupProvenance made = provenance(newest.get(), group).orElseThrow();
        Optional<Snapshot> exact = progress.snapshot(made.flushDigest());
        if (exact.isPresent()) {
            references.put(key, vector(snapshots, key, exact.get().number()));
        } else if (statistics.lifetime().tokens() >= made.tokens()) {
            LOG.atWarn()
                    .addKeyValue("model", group.model())
                    .addKeyValue("language", group.language())
                    .addKeyValue("domain", group.domain())
                    .addKeyValue("submodel", name.submodel())
                    .addKeyValue("version", name.version())
                    .log("The statistics of the release are no longer remembered; drift is measured from today's");
            references.put(key, Rms.of(statistics.decayed(), statistics.halfLifeTokens()));
        } else {
            return progress;
        }
        return progress.withReference(name);
    }

    private Optional<SubModelRelease> newestRelease(GroupKey group) {
        List<SubModelRelease> found = new ArrayList<>();
        try (KeyValueIterator<String, SubModelRelease> ofModel =
                releases.prefixScan(group.model() + "/", new StringSerializer())) {
            ofModel.forEachRemaining(entry -> {
                if (provenance(entry.value, group).isPresent()) {
                    found.add(entry.value);
                }
            });
        }
        return found.stream()
                .max(Comparator.comparing(SubModelRelease::releasedAt).thenComparing(SubModelRelease::submodel));
    }

    private static Optional<GroupProvenance> provenance(SubModelRelease release, GroupKey group) {
        return release.provenance().stream()
                .filter(made -> made.language().equals(group.language())
                        && made.domain().equals(group.domain()))
                .findFirst();
    }

    private boolean isPartFull(double before, double now) {
        return Math.floor(now / settings.partTokens()) > Math.floor(before / settings.partTokens());
    }

    /** Ends a part: learns the noise from it, and measures the window that ends with it. */
    private LayerProgress cut(String key, LayerProgress progress, ActivationStatistics statistics, long timestamp) {
        SquareSums now = SquareSums.of(statistics.lifetime());
        SquareSums last = sums(key, progress.cuts(), 1);
        Rms part = now.since(last);
        NoiseFloor noise = progress.noise();
        if (last != null) {
            noise = noise.learn(
                    part, last.since(sums(key, progress.cuts(), 1 + settings.windowParts())), settings.learningParts());
        }
        Rms window = now.since(sums(key, progress.cuts(), settings.windowParts()));
        Measurement measurement = measurement(key, progress.reference(), noise, statistics, window, part.tokens());
        context.forward(new Record<>(LayerKey.parse(key).group().toString(), measurement, timestamp));
        return progress.withCuts(keep(key, progress, now, statistics.lifetime().tokens()), noise);
    }

    /** The sums at the {@code back}-th newest cut; null, for nothing at all, where there were not as many. */
    private @Nullable SquareSums sums(String key, List<Cut> marks, int back) {
        return marks.size() < back
                ? null
                : vector(cuts, key, marks.get(marks.size() - back).number());
    }

    private static <T> T vector(KeyValueStore<String, T> store, String key, long number) {
        return Objects.requireNonNull(
                store.get(DriftStores.numbered(key, number)), "every mark of a layer has its vector");
    }

    private List<Cut> keep(String key, LayerProgress progress, SquareSums now, double tokens) {
        Cut cut = new Cut(progress.nextCut(), tokens);
        cuts.put(DriftStores.numbered(key, cut.number()), now);
        List<Cut> kept = new ArrayList<>(progress.cuts());
        kept.add(cut);
        while (kept.size() > settings.windowParts() + 1) {
            cuts.delete(DriftStores.numbered(key, kept.removeFirst().number()));
        }
        return kept;
    }

    private Measurement measurement(
            String key,
            ReleaseName release,
            NoiseFloor noise,
            ActivationStatistics statistics,
            Rms window,
            double partTokens) {
        int layer = LayerKey.parse(key).layer();
        Rms reference = release.isNone()
                ? window
                : Objects.requireNonNull(references.get(key), "a layer with a release has its reference");
        List<TapDrift> taps = new ArrayList<>();
        for (int tap = 0; tap < window.taps().size(); tap++) {
            Rms.TapRms recent = window.taps().get(tap);
            taps.add(new TapDrift(
                    layer,
                    recent.tap(),
                    recent.distanceFrom(reference.taps().get(tap)),
                    recent.cosineDistanceFrom(reference.taps().get(tap)),
                    noise.between(tap, window.tokens(), reference.tokens())));
        }
        Window measured = new Window(
                statistics.epoch(),
                statistics.flushDigest(),
                statistics.lastFlushAt(),
                statistics.lifetime().tokens(),
                window.tokens(),
                partTokens,
                release);
        return new Measurement(measured, layer, statistics.layers(), noise.samples(), taps);
    }
}
