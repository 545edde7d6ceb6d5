package dev.sparsecast.streams.statistics;

import dev.sparsecast.schemas.ActivationNorms;
import dev.sparsecast.schemas.ActivationStatistics;
import dev.sparsecast.schemas.Totals;
import dev.sparsecast.streams.state.StoreKind;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;

/**
 * Adds norms to the running statistics of their key and publishes these one closed epoch at a time.
 *
 * <p>A flush belongs to the epoch of its own instant, whenever it arrives. Only stream time, the newest flush seen in the
 * partition, seals epochs: folds them into the totals, after which a flush that old counts in the oldest epoch still
 * open. Stream time and wall clock decide when statistics are published, never what is in them: they hold all flushes up
 * to some epoch, and say which by a digest. So all layers of a group arrive at the same statistics, whatever partition
 * and instance they are in and in whatever order workers' flushes interleave there.
 */
public final class RunningStatistics implements Processor<String, ActivationNorms, String, ActivationStatistics> {
    private final EpochSettings settings;
    private ProcessorContext<String, ActivationStatistics> context;
    private KeyValueStore<String, Ledger> ledgerStore;
    private KeyValueStore<String, Totals> epochStore;
    private KeyValueStore<String, RunningSums> totalsStore;
    private TooLateFlushes tooLate;

    /** All ledgers of this partition, as in the store. */
    private final Map<String, Ledger> ledgers = new HashMap<>();
    /** Epochs with flushes that are not published yet, and whose they are. */
    private final TreeMap<Long, Set<String>> unpublished = new TreeMap<>();
    /** Instant of the newest flush of this partition. */
    private long streamTime = Long.MIN_VALUE;
    /** Whether the three above are what the stores say. */
    private boolean recalled;
    /** Until when, by wall clock, the partition counts as busy. */
    private long busyUntil;
    /** When the wall clock closes epochs even of a partition that is busy, but in which stream time stands still. */
    private long nextBusyClose;

    @SuppressWarnings("NullAway.Init") // Kafka Streams calls init before anything else
    private RunningStatistics(EpochSettings settings) {
        this.settings = settings;
    }

    /** Makes the processors, one for each partition, with their stores. */
    public static ProcessorSupplier<String, ActivationNorms, String, ActivationStatistics> supplier(
            EpochSettings settings, StoreKind stores) {
        return new ProcessorSupplier<>() {
            @Override
            public Processor<String, ActivationNorms, String, ActivationStatistics> get() {
                return new RunningStatistics(settings);
            }

            @Override
            public Set<StoreBuilder<?>> stores() {
                return StatisticsStores.builders(stores);
            }
        };
    }

    @Override
    public void init(ProcessorContext<String, ActivationStatistics> processorContext) {
        context = processorContext;
        ledgerStore = context.getStateStore(StatisticsStores.LEDGERS);
        epochStore = context.getStateStore(StatisticsStores.EPOCHS);
        totalsStore = context.getStateStore(StatisticsStores.TOTALS);
        tooLate = new TooLateFlushes(context);
        recalled = false;
        context.schedule(settings.tick(), PunctuationType.WALL_CLOCK_TIME, this::tick);
    }

    /**
     * Closes epochs by the wall clock. That is for partitions in which nothing moves stream time: none have come for as long as
     * the grace, or only such as are late for a whole epoch. One that catches up is moved by what it reads, and would
     * otherwise publish every epoch piece by piece.
     */
    private void tick(long wallClock) {
        recall();
        if (wallClock >= Math.min(busyUntil, nextBusyClose)) {
            publishThrough(settings.closedByWallClock(wallClock));
            nextBusyClose = wallClock + settings.length().toMillis();
        }
    }

    /** Finds out from the stores where this partition stands, the first time. */
    private void recall() {
        if (recalled) {
            return;
        }
        recalled = true;
        ledgers.clear();
        unpublished.clear();
        streamTime = Long.MIN_VALUE;
        try (KeyValueIterator<String, Ledger> all = ledgerStore.all()) {
            all.forEachRemaining(entry -> {
                Ledger ledger = entry.value;
                if (ledger.epochMillis() != settings.length().toMillis()) {
                    throw new IllegalStateException("the state was made with epochs of " + ledger.epochMillis()
                            + " ms, but the settings say " + settings.length().toMillis()
                            + " ms: go back to the old length, or reset the streams app");
                }
                ledgers.put(entry.key, ledger);
                streamTime = Math.max(streamTime, ledger.all().newestMillis());
                ledger.open()
                        .tailMap(ledger.publishedThrough(), false)
                        .keySet()
                        .forEach(epoch -> await(epoch, entry.key));
                if (ledger.through(ledger.publishedThrough()).flushes()
                        != ledger.published().flushes()) {
                    await(ledger.open().firstKey(), entry.key);
                }
            });
        }
    }

    @Override
    public void process(Record<String, ActivationNorms> record) {
        ActivationNorms norms = NormsCheck.check(record.key(), record.value());
        String key = record.key();
        NormsCheck.checkInstant(key, norms, record.timestamp());
        recall();
        busyUntil = context.currentSystemTimeMs() + settings.grace().toMillis();
        Ledger ledger = ledgers.get(key);
        if (ledger != null) {
            NormsCheck.checkShape(key, ledger.shape(), Shape.of(norms));
        }
        long flushedAt = norms.flushedAt().toEpochMilli();
        if (flushedAt > streamTime) {
            advanceTo(flushedAt);
        }
        long sealed = settings.sealedByStreamTime(streamTime);
        if (settings.epochOf(flushedAt) <= sealed) {
            tooLate.record(key, norms, streamTime);
        }
        add(key, Math.max(settings.epochOf(flushedAt), sealed + 1), norms);
    }

    @Override
    public void close() {
        tooLate.close();
    }

    private void add(String key, long epoch, ActivationNorms norms) {
        Ledger ledger = ledgers.computeIfAbsent(
                key, absent -> Ledger.start(settings.length().toMillis(), Shape.of(norms)));
        Accumulator sums = ledger.open().containsKey(epoch)
                ? Accumulator.takingOver(epochSums(key, epoch))
                : new Accumulator(ledger.shape());
        epochStore.put(StatisticsStores.epochKey(key, epoch), sums.add(norms).toTotals());
        keep(key, ledger.plus(epoch, FlushSet.of(norms)));
        await(epoch, key);
    }

    /** Stream time moves on: the epochs that this closes are published one by one, then the oldest are sealed. */
    private void advanceTo(long millis) {
        if (streamTime != Long.MIN_VALUE) {
            publishThrough(settings.closedByStreamTime(millis));
            long sealed = settings.sealedByStreamTime(millis);
            if (sealed > settings.sealedByStreamTime(streamTime)) {
                List.copyOf(ledgers.keySet()).forEach(key -> sealThrough(key, sealed));
            }
        }
        streamTime = millis;
        nextBusyClose = context.currentSystemTimeMs() + settings.length().toMillis();
    }

    /** Publishes every key that has something new up to an epoch, in the order of the epochs that it is in. */
    private void publishThrough(long closed) {
        while (!unpublished.isEmpty() && unpublished.firstKey() <= closed) {
            var first = unpublished.pollFirstEntry();
            first.getValue().forEach(key -> publish(key, first.getKey()));
        }
    }

    private void publish(String key, long epoch) {
        Ledger ledger = ledger(key);
        long through = Math.max(epoch, ledger.publishedThrough());
        FlushSet contents = ledger.through(through);
        if (contents.flushes() == ledger.published().flushes()) {
            return;
        }
        RunningSums sums = totals(key, ledger).then(epochSums(key, ledger, through), settings.halfLifeTokens());
        keep(key, ledger.published(contents, through));
        context.forward(
                new Record<>(key, statistics(settings, ledger.shape(), contents, sums), contents.newestMillis()));
    }

    static ActivationStatistics statistics(EpochSettings settings, Shape shape, FlushSet contents, RunningSums sums) {
        return new ActivationStatistics(
                shape.layers(),
                settings.epochOf(contents.newestMillis()),
                settings.length().toMillis(),
                contents.flushes(),
                contents.digest(),
                Instant.ofEpochMilli(contents.newestMillis()),
                contents.distinctSources(),
                sums.lifetime(),
                sums.decayed(),
                settings.halfLifeTokens());
    }

    /** Folds the epochs of a key up to {@code sealed} into its totals. */
    private void sealThrough(String key, long sealed) {
        Ledger ledger = ledger(key);
        if (ledger.open().isEmpty() || ledger.open().firstKey() > sealed) {
            return;
        }
        totalsStore.put(key, totals(key, ledger).then(epochSums(key, ledger, sealed), settings.halfLifeTokens()));
        ledger.open()
                .headMap(sealed, true)
                .keySet()
                .forEach(epoch -> epochStore.delete(StatisticsStores.epochKey(key, epoch)));
        keep(key, ledger.sealedThrough(sealed));
    }

    private RunningSums totals(String key, Ledger ledger) {
        RunningSums totals = totalsStore.get(key);
        return totals == null ? RunningSums.none(ledger.shape()) : totals;
    }

    private List<Totals> epochSums(String key, Ledger ledger, long through) {
        List<Totals> sums = new ArrayList<>();
        ledger.open().headMap(through, true).keySet().forEach(epoch -> sums.add(epochSums(key, epoch)));
        return sums;
    }

    private Totals epochSums(String key, long epoch) {
        return Objects.requireNonNull(
                epochStore.get(StatisticsStores.epochKey(key, epoch)), "every epoch in a ledger has its sums");
    }

    private Ledger ledger(String key) {
        return Objects.requireNonNull(ledgers.get(key), "every key awaited has a ledger");
    }

    private void keep(String key, Ledger ledger) {
        ledgers.put(key, ledger);
        ledgerStore.put(key, ledger);
    }

    private void await(long epoch, String key) {
        unpublished.computeIfAbsent(epoch, absent -> new TreeSet<>()).add(key);
    }
}
