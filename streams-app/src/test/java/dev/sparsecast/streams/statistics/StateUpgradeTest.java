package dev.sparsecast.streams.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.schemas.ActivationNorms;
import dev.sparsecast.schemas.FlushDigest;
import dev.sparsecast.schemas.SourceSketch;
import dev.sparsecast.streams.StreamsFixture;
import dev.sparsecast.streams.state.StateSerde;
import dev.sparsecast.streams.state.StateWriter;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.common.errors.SerializationException;
import org.junit.jupiter.api.Test;

class StateUpgradeTest {
    private static final Shape SHAPE = Shape.of(Flushes.random("f", StreamsFixture.START, new Random(1)));

    /** Writes what the program wrote before flush sets had sketches. */
    private static final StateSerde<Ledger> VERSION_1 =
            new StateSerde<>("ledger", 1, StateUpgradeTest::writeVersion1, Ledger::readVersion1);

    @Test
    void ledgersOfBeforeTheSketchesAreReadAndKeptInTheNewForm() {
        Ledger old = Ledger.start(10_000, SHAPE)
                .plus(3, set("a", 2))
                .plus(4, set("b", 5))
                .sealedThrough(3);
        byte[] bytes = VERSION_1.serializer().serialize("store", old);

        Ledger read = StatisticsStores.LEDGER.deserializer().deserialize("store", bytes);

        assertThat(read).isEqualTo(old);
        assertThat(read.all().distinctSources()).isEqualTo(5);
        byte[] rewritten = StatisticsStores.LEDGER.serializer().serialize("store", read);
        assertThat(rewritten[0]).isEqualTo((byte) 2);
        assertThat(StatisticsStores.LEDGER.deserializer().deserialize("store", rewritten))
                .isEqualTo(old);
    }

    @Test
    void ledgersKeepTheirSketches() {
        ActivationNorms norms = new ActivationNorms(
                "c", "w", StreamsFixture.START, 3, 10, 2, 2, SourceSketch.of(List.of("x", "y")), List.of());
        Ledger ledger = Ledger.start(10_000, SHAPE).plus(1, FlushSet.of(norms)).plus(1, set("d", 1));
        byte[] bytes = StatisticsStores.LEDGER.serializer().serialize("store", ledger);
        assertThat(StatisticsStores.LEDGER.deserializer().deserialize("store", bytes))
                .isEqualTo(ledger);
        assertThat(ledger.all().sources().estimate()).isEqualTo(2);
    }

    @Test
    void stateOfANewerProgramIsRefusedWithWhatToDo() {
        byte[] bytes = new StateSerde<Ledger>("ledger", 3, (out, ledger) -> ledger.write(out), Ledger::read)
                .serializer()
                .serialize("store", Ledger.start(10_000, SHAPE));
        assertThatThrownBy(() -> StatisticsStores.LEDGER.deserializer().deserialize("store", bytes))
                .isInstanceOf(SerializationException.class)
                .hasMessageContaining("version 3")
                .hasMessageContaining("streams reset");
    }

    private static FlushSet set(String id, long sources) {
        return new FlushSet(1, FlushDigest.EMPTY.plus(id), 10, 1000, sources, SourceSketch.EMPTY);
    }

    private static void writeVersion1(StateWriter out, Ledger ledger) {
        out.putLong(ledger.epochMillis());
        ledger.shape().write(out);
        writeVersion1(out, ledger.sealed());
        out.putInt(ledger.open().size());
        for (Map.Entry<Long, FlushSet> epoch : ledger.open().entrySet()) {
            out.putLong(epoch.getKey());
            writeVersion1(out, epoch.getValue());
        }
        writeVersion1(out, ledger.published());
        out.putLong(ledger.publishedThrough());
    }

    private static void writeVersion1(StateWriter out, FlushSet set) {
        out.putLong(set.flushes())
                .putLong(set.digest().value())
                .putLong(set.tokens())
                .putLong(set.newestMillis())
                .putLong(set.mostSources());
    }
}
