package dev.sparsecast.pruner.snapshot;

import static dev.sparsecast.pruner.snapshot.TestStatistics.PYTHON;
import static dev.sparsecast.pruner.snapshot.TestStatistics.content;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.checkpoint.ModelConfig;
import dev.sparsecast.checkpoint.Tap;
import dev.sparsecast.schemas.ActivationStatistics;
import dev.sparsecast.schemas.FlushDigest;
import dev.sparsecast.schemas.GroupKey;
import dev.sparsecast.schemas.LayerKey;
import dev.sparsecast.schemas.TapTotals;
import dev.sparsecast.schemas.Totals;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SnapshotAssemblerTest {
    private static final Instant NOW = Instant.ofEpochSecond(1_790_000_000);
    private static final ModelConfig CONFIG = TestStatistics.config(3);

    private final SnapshotAssembler assembler = new SnapshotAssembler(CONFIG, Clock.fixed(NOW, ZoneOffset.UTC));

    private record Message(GroupKey group, int layer, SnapshotContent content) {}

    private Optional<GroupSnapshot> deliver(Message message) {
        return assembler.add(
                new LayerKey(message.group(), message.layer()),
                TestStatistics.of(CONFIG, message.group(), message.layer(), message.content()));
    }

    private Optional<GroupSnapshot> deliver(int layer, SnapshotContent content) {
        return deliver(new Message(PYTHON, layer, content));
    }

    @Test
    void isCompleteWhenTheLastLayerArrives() {
        assertThat(deliver(0, content(CONFIG, 1))).isEmpty();
        assertThat(deliver(2, content(CONFIG, 1))).isEmpty();
        assertThat(deliver(1, content(CONFIG, 1)).orElseThrow())
                .usingRecursiveComparison()
                .isEqualTo(TestStatistics.snapshot(CONFIG, PYTHON, content(CONFIG, 1), NOW));
        assertThat(assembler.newest(PYTHON)).map(GroupSnapshot::distinctSources).contains(2L);
        assertThat(assembler.newest(TestStatistics.JAVA)).isEmpty();
    }

    static Stream<UnaryOperator<SnapshotContent>> nearMisses() {
        return Stream.of(
                c -> new SnapshotContent(
                        c.layers(),
                        c.epoch() + 1,
                        c.epochMillis(),
                        c.flushes(),
                        c.flushDigest(),
                        c.tokens(),
                        c.prompts(),
                        c.decayedTokens(),
                        c.halfLifeTokens()),
                c -> new SnapshotContent(
                        c.layers(),
                        c.epoch(),
                        c.epochMillis() + 1,
                        c.flushes(),
                        c.flushDigest(),
                        c.tokens(),
                        c.prompts(),
                        c.decayedTokens(),
                        c.halfLifeTokens()),
                c -> new SnapshotContent(
                        c.layers(),
                        c.epoch(),
                        c.epochMillis(),
                        c.flushes() + 1,
                        c.flushDigest(),
                        c.tokens(),
                        c.prompts(),
                        c.decayedTokens(),
                        c.halfLifeTokens()),
                c -> new SnapshotContent(
                        c.layers(),
                        c.epoch(),
                        c.epochMillis(),
                        c.flushes(),
                        new FlushDigest(c.flushDigest().value() + 1),
                        c.tokens(),
                        c.prompts(),
                        c.decayedTokens(),
                        c.halfLifeTokens()),
                c -> new SnapshotContent(
                        c.layers(),
                        c.epoch(),
                        c.epochMillis(),
                        c.flushes(),
                        c.flushDigest(),
                        c.tokens() + 1,
                        c.prompts(),
                        c.decayedTokens(),
                        c.halfLifeTokens()),
                c -> new SnapshotContent(
                        c.layers(),
                        c.epoch(),
                        c.epochMillis(),
                        c.flushes(),
                        c.flushDigest(),
                        c.tokens(),
                        c.prompts() + 1,
                        c.decayedTokens(),
                        c.halfLifeTokens()),
                c -> new SnapshotContent(
                        c.layers(),
                        c.epoch(),
                        c.epochMillis(),
                        c.flushes(),
                        c.flushDigest(),
                        c.tokens(),
                        c.prompts(),
                        Math.nextUp(c.decayedTokens()),
                        c.halfLifeTokens()),
                c -> new SnapshotContent(
                        c.layers(),
                        c.epoch(),
                        c.epochMillis(),
                        c.flushes(),
                        c.flushDigest(),
                        c.tokens(),
                        c.prompts(),
                        c.decayedTokens(),
                        c.halfLifeTokens() + 1));
    }

    @ParameterizedTest
    @MethodSource("nearMisses")
    void isNeverMadeOfContentsThatDifferInAnything(UnaryOperator<SnapshotContent> change) {
        SnapshotContent content = content(CONFIG, 3);
        deliver(0, content);
        deliver(1, content);
        assertThat(deliver(2, change.apply(content))).isEmpty();
        assertThat(assembler.newest(PYTHON)).isEmpty();
        assertThat(deliver(2, content)).isPresent();
    }

    /** Any order, any losses, any repetitions, contents that nearly match: what comes out was there, whole and newest. */
    @ParameterizedTest
    @MethodSource("seeds")
    void neverGivesAFalseSnapshotWhateverArrives(int seed) {
        Random random = new Random(seed);
        List<UnaryOperator<SnapshotContent>> nearMisses = nearMisses().toList();
        List<Message> messages = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            SnapshotContent content = content(CONFIG, 1 + random.nextInt(12));
            if (random.nextInt(4) == 0) {
                content = nearMisses.get(random.nextInt(nearMisses.size())).apply(content);
            }
            GroupKey group = random.nextInt(3) == 0 ? TestStatistics.JAVA : PYTHON;
            messages.add(new Message(group, random.nextInt(CONFIG.layers()), content));
        }
        Set<Message> delivered = new HashSet<>();
        int complete = 0;
        for (Message message : messages) {
            delivered.add(message);
            Optional<GroupSnapshot> before = assembler.newest(message.group());
            Optional<GroupSnapshot> snapshot = deliver(message);
            if (snapshot.isPresent()) {
                complete++;
                SnapshotContent content = snapshot.get().content();
                assertThat(content).isEqualTo(message.content());
                assertThat(IntStream.range(0, CONFIG.layers())
                                .mapToObj(layer -> new Message(message.group(), layer, content)))
                        .allMatch(delivered::contains);
                assertThat(snapshot.get())
                        .usingRecursiveComparison()
                        .isEqualTo(TestStatistics.snapshot(CONFIG, message.group(), content, NOW));
                before.ifPresent(earlier -> assertThat(SnapshotContent.BY_AGE.compare(content, earlier.content()))
                        .isPositive());
                assertThat(assembler.newest(message.group())).isEqualTo(snapshot);
            } else {
                assertThat(assembler.newest(message.group())).isEqualTo(before);
            }
            assertThat(assembler.held(message.group()))
                    .isLessThanOrEqualTo(CONFIG.layers() * SnapshotAssembler.KEPT_PER_LAYER);
        }
        assertThat(complete).isPositive();
    }

    /** As Kafka delivers: each layer in its order, layers apart by less than what is kept; some epochs compacted away. */
    @ParameterizedTest
    @MethodSource("seeds")
    void findsTheNewestContentThatAllLayersShow(int seed) {
        Random random = new Random(seed);
        int epochs = 30;
        int[] next = new int[CONFIG.layers()];
        int[] shown = new int[CONFIG.layers()];
        while (IntStream.of(next).anyMatch(epoch -> epoch < epochs)) {
            int layer = random.nextInt(next.length);
            int slowest = IntStream.of(next).min().orElseThrow();
            if (next[layer] == epochs || next[layer] - slowest >= SnapshotAssembler.KEPT_PER_LAYER) {
                continue;
            }
            next[layer]++;
            boolean compactedAway = next[layer] < epochs && next[layer] % 5 == 0 && random.nextBoolean();
            if (!compactedAway) {
                deliver(layer, content(CONFIG, next[layer]));
                shown[layer] = next[layer];
            }
            int common = IntStream.of(shown).min().orElseThrow();
            boolean allShowed = IntStream.of(shown).allMatch(epoch -> epoch == common);
            if (allShowed && common > 0) {
                assertThat(assembler.newest(PYTHON).map(GroupSnapshot::content)).contains(content(CONFIG, common));
            }
        }
        assertThat(assembler.newest(PYTHON).map(GroupSnapshot::content)).contains(content(CONFIG, epochs));
        assertThat(assembler.held(PYTHON)).isZero();
    }

    @Test
    void isNotStarvedByALayerThatRunsAhead() {
        for (int flushes = 1; flushes <= SnapshotAssembler.KEPT_PER_LAYER; flushes++) {
            deliver(0, content(CONFIG, flushes));
            deliver(1, content(CONFIG, flushes));
        }
        assertThat(deliver(2, content(CONFIG, 1))).isPresent();
        assertThat(deliver(2, content(CONFIG, SnapshotAssembler.KEPT_PER_LAYER)))
                .isPresent();
    }

    @Test
    void doesNotGoBackToAnOlderContentThatIsCompletedLate() {
        deliver(0, content(CONFIG, 1));
        deliver(1, content(CONFIG, 1));
        IntStream.range(0, 3).forEach(layer -> deliver(layer, content(CONFIG, 2)));
        assertThat(deliver(2, content(CONFIG, 1))).isEmpty();
        assertThat(assembler.newest(PYTHON).map(GroupSnapshot::content)).contains(content(CONFIG, 2));
    }

    static Stream<ActivationStatistics> nonsense() {
        ActivationStatistics good = TestStatistics.of(CONFIG, PYTHON, 0, content(CONFIG, 1));
        return Stream.of(
                withLayers(good, 4),
                withDecayed(good, new Totals(Double.NaN, 1, good.decayed().taps())),
                withDecayed(good, new Totals(0, 1, good.decayed().taps())),
                withDecayed(
                        good,
                        new Totals(1, Double.POSITIVE_INFINITY, good.decayed().taps())),
                withDecayed(good, new Totals(1, 1, good.decayed().taps().subList(0, 3))),
                withDecayed(
                        good,
                        new Totals(
                                1,
                                1,
                                Collections.nCopies(4, good.decayed().taps().getFirst()))),
                withDecayed(
                        good,
                        new Totals(1, 1, replaced(good, new TapTotals("mlp_hidden", new double[5], new double[5])))),
                withDecayed(
                        good, new Totals(1, 1, replaced(good, new TapTotals("nose", new double[6], new double[6])))),
                withDecayed(good, new Totals(1, 1, replaced(good, hidden(-1, 0)))),
                withDecayed(good, new Totals(1, 1, replaced(good, hidden(Double.NaN, 0)))),
                withDecayed(good, new Totals(1, 1, replaced(good, hidden(Double.POSITIVE_INFINITY, 0)))),
                withDecayed(good, new Totals(1, 1, replaced(good, hidden(0, Double.NaN)))),
                withLifetime(good, new Totals(0.5, 1, good.lifetime().taps())),
                withLifetime(good, new Totals(1e300, 1, good.lifetime().taps())),
                withLifetime(good, new Totals(100, 0, good.lifetime().taps())));
    }

    @ParameterizedTest
    @MethodSource("nonsense")
    void refusesStatisticsThatCannotBeOfTheModel(ActivationStatistics statistics) {
        assertThatThrownBy(() -> assembler.add(new LayerKey(PYTHON, 0), statistics))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(assembler.held(PYTHON)).isZero();
    }

    @Test
    void refusesALayerThatTheModelDoesNotHave() {
        ActivationStatistics statistics = TestStatistics.of(CONFIG, PYTHON, 0, content(CONFIG, 1));
        assertThatThrownBy(() -> assembler.add(new LayerKey(PYTHON, 3), statistics))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("the model has 3 layers");
    }

    @Test
    void keepsTheDecayedSumsOfEachLayer() {
        IntStream.range(0, 3).forEach(layer -> deliver(layer, content(CONFIG, 1)));
        List<Map<Tap, dev.sparsecast.checkpoint.statistics.TapSums>> layers =
                assembler.newest(PYTHON).orElseThrow().layers();
        for (int layer = 0; layer < 3; layer++) {
            ActivationStatistics sent = TestStatistics.of(CONFIG, PYTHON, layer, content(CONFIG, 1));
            for (TapTotals tap : sent.decayed().taps()) {
                assertThat(layers.get(layer).get(Tap.ofLabel(tap.tap())).sumSquares())
                        .containsExactly(tap.sumSquares());
                assertThat(layers.get(layer).get(Tap.ofLabel(tap.tap())).sum()).containsExactly(tap.sum());
            }
        }
    }

    static IntStream seeds() {
        return IntStream.range(0, 50);
    }

    private static TapTotals hidden(double sumSquares, double sum) {
        return new TapTotals("mlp_hidden", new double[] {1, 2, sumSquares, 3, 4, 5}, new double[] {1, 2, sum, 3, 4, 5});
    }

    private static List<TapTotals> replaced(ActivationStatistics statistics, TapTotals last) {
        List<TapTotals> taps = new ArrayList<>(statistics.decayed().taps());
        taps.set(taps.size() - 1, last);
        return taps;
    }

    private static ActivationStatistics withLayers(ActivationStatistics s, int layers) {
        return new ActivationStatistics(
                layers,
                s.epoch(),
                s.epochMillis(),
                s.flushes(),
                s.flushDigest(),
                s.lastFlushAt(),
                s.distinctSources(),
                s.lifetime(),
                s.decayed(),
                s.halfLifeTokens());
    }

    private static ActivationStatistics withDecayed(ActivationStatistics s, Totals decayed) {
        return new ActivationStatistics(
                s.layers(),
                s.epoch(),
                s.epochMillis(),
                s.flushes(),
                s.flushDigest(),
                s.lastFlushAt(),
                s.distinctSources(),
                s.lifetime(),
                decayed,
                s.halfLifeTokens());
    }

    private static ActivationStatistics withLifetime(ActivationStatistics s, Totals lifetime) {
        return new ActivationStatistics(
                s.layers(),
                s.epoch(),
                s.epochMillis(),
                s.flushes(),
                s.flushDigest(),
                s.lastFlushAt(),
                s.distinctSources(),
                lifetime,
                s.decayed(),
                s.halfLifeTokens());
    }
}
