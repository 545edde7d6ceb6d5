package dev.sparsecast.streams.statistics;

import dev.sparsecast.schemas.TapTotals;
import dev.sparsecast.schemas.Totals;
import dev.sparsecast.streams.state.StateReader;
import dev.sparsecast.streams.state.StateSerde;
import dev.sparsecast.streams.state.StateWriter;
import dev.sparsecast.streams.state.StoreKind;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.streams.state.StoreBuilder;

/**
 * The stores of the running statistics. They are apart so that a flush rewrites one epoch of one key only, and so that
 * what must be looked at on every tick is small.
 */
public final class StatisticsStores {
    /** {@code model/language/domain/layer} to what is kept of it. */
    public static final String LEDGERS = "statistics-ledgers";
    /** {@code model/language/domain/layer@epoch} to the sums of an epoch that is not folded into the totals yet. */
    public static final String EPOCHS = "statistics-epochs";
    /** {@code model/language/domain/layer} to the totals of the epochs that are. */
    public static final String TOTALS = "statistics-totals";

    static final Serde<Ledger> LEDGER = new StateSerde<Ledger>(
                    "ledger", 2, (out, ledger) -> ledger.write(out), Ledger::read)
            .reading(1, Ledger::readVersion1);
    static final Serde<Totals> EPOCH_SUMS =
            new StateSerde<>("sum of an epoch", 1, StatisticsStores::write, StatisticsStores::read);
    static final Serde<RunningSums> RUNNING_SUMS = new StateSerde<>(
            "pair of lifetime and decayed totals",
            1,
            (out, sums) -> {
                write(out, sums.lifetime());
                write(out, sums.decayed());
            },
            in -> new RunningSums(read(in), read(in)));

    private StatisticsStores() {}

    // In a fixed order, so that the description of the topology always reads the same.
    static Set<StoreBuilder<?>> builders(StoreKind kind) {
        return new LinkedHashSet<>(List.of(
                // Within one commit a ledger and an epoch take in many flushes: the cache writes them once.
                kind.store(LEDGERS, LEDGER).withCachingEnabled(),
                kind.store(EPOCHS, EPOCH_SUMS).withCachingEnabled(),
                kind.store(TOTALS, RUNNING_SUMS)));
    }

    /** The key of an epoch's sums. */
    static String epochKey(String key, long epoch) {
        return key + "@" + epoch;
    }

    private static void write(StateWriter out, Totals totals) {
        out.putDouble(totals.tokens())
                .putDouble(totals.prompts())
                .putInt(totals.taps().size());
        for (TapTotals tap : totals.taps()) {
            out.putText(tap.tap()).putDoubles(tap.sumSquares()).putDoubles(tap.sum());
        }
    }

    private static Totals read(StateReader in) {
        double tokens = in.getDouble();
        double prompts = in.getDouble();
        List<TapTotals> taps = new ArrayList<>();
        for (int left = in.getInt(); left > 0; left--) {
            taps.add(new TapTotals(in.getText(), in.getDoubles(), in.getDoubles()));
        }
        return new Totals(tokens, prompts, taps);
    }
}
