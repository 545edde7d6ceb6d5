package dev.sparsecast.pruner.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.pruner.TinyCoder;
import dev.sparsecast.pruner.gate.QualityGate;
import dev.sparsecast.pruner.release.ReleaseBuilder;
import dev.sparsecast.pruner.snapshot.SnapshotAssembler;
import dev.sparsecast.pruner.specification.SubModelSpecification;
import dev.sparsecast.pruner.specification.SubModelSpecification.Gate;
import dev.sparsecast.schemas.ActivationStatistics;
import dev.sparsecast.schemas.DriftReport;
import dev.sparsecast.schemas.DriftState;
import dev.sparsecast.schemas.Prompt;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.ArtifactKind;
import dev.sparsecast.schemas.SubModelRelease.Trigger;
import dev.sparsecast.schemas.signing.SigningKey;
import dev.sparsecast.store.ArtifactStore;
import dev.sparsecast.store.ArtifactStores;
import dev.sparsecast.store.StoreException;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The whole pruner but the broker: topics in memory, the bundled model, a store in a directory. */
@Timeout(300)
class RefreshLoopTest {
    private static final SigningKey KEY = SigningKey.generate();
    private static final List<Prompt> PROMPTS = TinyCoder.prompts("python");
    private static final Gate GATE = new Gate(4, 4, 3, 2);

    private static Checkpoint base;
    private static QualityGate gate;
    private static List<ActivationStatistics> early;
    private static List<ActivationStatistics> late;

    @TempDir
    Path directory;

    private final FakeTopics topics = new FakeTopics();
    private final List<SubModelRelease> announced = new ArrayList<>();
    private final MovableClock clock = new MovableClock();
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private SubModelSpecification specification = TinyCoder.specification("python", 0.6, GATE, ArtifactKind.RECIPE);

    @BeforeAll
    static void load() {
        base = TinyCoder.open();
        gate = new QualityGate(base, TinyCoder.OPTIONS);
        early = TinyCoder.statistics(base, TinyCoder.counted(PROMPTS).subList(0, 8), 1);
        late = TinyCoder.statistics(base, TinyCoder.counted(PROMPTS).subList(0, 12), 2);
    }

    @AfterAll
    static void close() {
        gate.close();
        base.close();
    }

    /** Time stands still unless a test moves it. */
    private static final class MovableClock extends Clock {
        private volatile Instant now = Instant.parse("2026-11-24T03:00:00Z");

        @Override
        public Instant instant() {
            return now;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }

        void advance(Duration duration) {
            now = now.plus(duration);
        }
    }

    private final class TopicAnnouncer implements Announcer {
        @Override
        public void confirm() {}

        @Override
        public void announce(SubModelRelease release) {
            announced.add(release);
            topics.with(release);
        }

        @Override
        public void close() {}
    }

    /** One life of a pruner: from the beginning of the topics until the test has seen enough. */
    private final class Life {
        private Announcer announcer = new TopicAnnouncer();
        private Function<ArtifactStore, ArtifactStore> wrapper = Function.identity();
        private String commanded = "";
        private RefreshLoop loop;

        Life announcer(Announcer other) {
            announcer = other;
            return this;
        }

        Life store(Function<ArtifactStore, ArtifactStore> other) {
            wrapper = other;
            return this;
        }

        Life commanded(String submodel) {
            commanded = submodel;
            return this;
        }

        void until(BooleanSupplier end) {
            PrunerMetrics metrics = new PrunerMetrics(registry, base.revision());
            DecisionLog decisions = new DecisionLog(directory, base.revision());
            Knowledge knowledge = new Knowledge(base.revision(), new SnapshotAssembler(base.config(), clock));
            RecordSource source = topics.read();
            try (ArtifactStore store = wrapper.apply(
                            ArtifactStores.open(directory.resolve("store").toString()));
                    DeadLetters letters = new DeadLetters(
                            () -> {
                                throw new IllegalStateException("no dead letters expected");
                            },
                            source::hasTopic);
                    RecordIntake intake = new RecordIntake(
                            base.revision(),
                            base.digest(),
                            KEY.verifyingKey(),
                            FakeTopics.SERDES,
                            knowledge,
                            letters,
                            metrics);
                    ExecutorService executor = Executors.newSingleThreadExecutor()) {
                ReleaseMaker maker = new ReleaseMaker(
                        base.revision(),
                        new ReleaseBuilder(base, store, KEY, announcer, directory.resolve("builds"), 1, clock),
                        store,
                        gate,
                        announcer,
                        decisions,
                        metrics,
                        () -> false,
                        clock);
                loop = new RefreshLoop(
                        base.revision(),
                        List.of(specification),
                        source,
                        intake,
                        knowledge,
                        decisions.rejections(),
                        metrics,
                        clock);
                if (!commanded.isEmpty()) {
                    loop.requestRefresh(commanded);
                }
                loop.run(end, maker::make, executor);
            }
        }

        /** Long enough after everything was read for anything to begin, and for it to end. */
        void untilNothingHappens() {
            int[] idle = {0};
            until(() -> loop.isReady() && ++idle[0] > 50);
        }
    }

    private List<String> decisions() {
        try {
            return Files.readAllLines(directory.resolve("decisions.jsonl"));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private double counted(String meter) {
        return registry.find(meter).counters().stream()
                .mapToDouble(io.micrometer.core.instrument.Counter::count)
                .sum();
    }

    @Test
    void releasesFromTheFirstSnapshotAndAgainFromNewTokens() {
        topics.with(PROMPTS).with(TinyCoder.group(base, "python"), early);
        new Life().until(() -> {
            if (announced.size() == 1 && counted("sparsecast.pruner.snapshots") == 1) {
                topics.with(TinyCoder.group(base, "python"), late);
            }
            return announced.size() == 2;
        });
        SubModelRelease first = announced.get(0);
        SubModelRelease second = announced.get(1);
        assertThat(first.version()).isEqualTo(1);
        assertThat(first.trigger()).isEqualTo(Trigger.FIRST);
        assertThat(first.tokens()).isEqualTo((long) early.getFirst().lifetime().tokens());
        assertThat(first.quality().prompts()).isEqualTo(4);
        assertThat(second.version()).isEqualTo(2);
        assertThat(second.parent()).hasValue(1);
        assertThat(second.trigger()).isEqualTo(Trigger.TOKENS);
        assertThat(second.tokens()).isEqualTo((long) late.getFirst().lifetime().tokens());
        assertThat(second.quality().current()).isPresent();
        assertThat(second.quality().dense()).isEqualTo(first.quality().dense());
        assertThat(announced).allMatch(KEY.verifyingKey()::verifies);
        assertThat(decisions()).hasSize(2).allMatch(line -> line.contains("\"promoted\""));
        assertThat(counted("sparsecast.pruner.releases")).isEqualTo(2);
    }

    @Test
    void knowsAfterARestartWhatWasReleasedAndReleasesNothingAgain() {
        topics.with(TinyCoder.group(base, "python"), early).with(PROMPTS);
        new Life().until(() -> announced.size() == 1);
        new Life().untilNothingHappens();
        assertThat(announced).hasSize(1);
    }

    /** The release stands at the very end of the topics: whoever decides before reading on would make another first one. */
    @Test
    void decidesNothingBeforeEverythingIsRead() {
        topics.with(PROMPTS).with(TinyCoder.group(base, "python"), early);
        new Life().until(() -> announced.size() == 1);
        SubModelRelease first = announced.getFirst();
        topics.with(TinyCoder.group(base, "python"), late);
        new Life().until(() -> announced.size() == 2);
        assertThat(announced.get(1).version()).isEqualTo(first.version() + 1);
    }

    @Test
    void rejectsWhatIsWorseThanAllowedAndDoesNotMakeItAgainEvenAfterARestart() {
        specification = TinyCoder.specification("python", 0.6, new Gate(4, 4, 1, 1), ArtifactKind.RECIPE);
        topics.with(PROMPTS).with(TinyCoder.group(base, "python"), early);
        new Life().untilNothingHappens();
        new Life().commanded("python").untilNothingHappens();
        assertThat(announced).isEmpty();
        assertThat(decisions()).singleElement().asString().contains("\"rejected\"", "of the dense model");
        assertThat(ArtifactStores.open(directory.resolve("store").toString()).list(""))
                .isEmpty();
        topics.with(TinyCoder.group(base, "python"), late);
        new Life().untilNothingHappens();
        assertThat(decisions()).hasSize(2);
    }

    @Test
    void releasesOnCommand() {
        topics.with(PROMPTS).with(TinyCoder.group(base, "python"), early);
        new Life().until(() -> announced.size() == 1);
        new Life().commanded("python").until(() -> announced.size() == 2);
        assertThat(announced.get(1).trigger()).isEqualTo(Trigger.COMMAND);
        assertThat(announced.get(1).recipe().maskDigest())
                .isEqualTo(announced.get(0).recipe().maskDigest());
    }

    @Test
    void releasesOnDriftFromTheReleaseInUse() {
        topics.with(PROMPTS).with(TinyCoder.group(base, "python"), early);
        new Life().until(() -> announced.size() == 1);
        topics.with(TinyCoder.group(base, "python"), late)
                .with(
                        TinyCoder.group(base, "python"),
                        new DriftReport(
                                2, clock.instant(), DriftState.DRIFTED, 0.3, 0.1, 0.2, 500, "python", 1, List.of()));
        new Life().until(() -> announced.size() == 2);
        assertThat(announced.get(1).trigger()).isEqualTo(Trigger.DRIFT);
    }

    @Test
    void waitsForHeldOutPrompts() {
        topics.with(TinyCoder.counted(PROMPTS)).with(TinyCoder.group(base, "python"), early);
        new Life().untilNothingHappens();
        assertThat(announced).isEmpty();
        topics.with(TinyCoder.heldOut(PROMPTS).subList(0, 4));
        new Life().until(() -> announced.size() == 1);
    }

    @Test
    void triesAgainLaterWhatCouldNotBeStored() {
        topics.with(PROMPTS).with(TinyCoder.group(base, "python"), early);
        new Life().store(store -> new BrokenStore(store, 2)).until(() -> {
            if (counted("sparsecast.pruner.failures") > 0) {
                clock.advance(Duration.ofSeconds(1));
            }
            return announced.size() == 1;
        });
        assertThat(counted("sparsecast.pruner.failures")).isEqualTo(2);
        assertThat(announced.getFirst().version()).isEqualTo(1);
    }

    /** The version was never announced, so the next life makes it again, from what is newest then. */
    @Test
    void makesAVersionAgainThatWasStoredButNeverAnnounced() {
        topics.with(PROMPTS).with(TinyCoder.group(base, "python"), early);
        Announcer dying = new FailingAnnouncer("killed before it could announce");
        assertThatThrownBy(() -> new Life().announcer(dying).until(() -> false)).hasMessageContaining("killed");
        topics.with(TinyCoder.group(base, "python"), late);
        new Life().until(() -> announced.size() == 1);
        assertThat(announced.getFirst().version()).isEqualTo(1);
        assertThat(announced.getFirst().tokens())
                .isEqualTo((long) late.getFirst().lifetime().tokens());
        assertThat(decisions()).hasSize(2);
    }

    @Test
    void endsWhenAnotherPrunerTakesOver() {
        topics.with(PROMPTS).with(TinyCoder.group(base, "python"), early);
        Announcer fenced = new FailingAnnouncer("another pruner for this model has started; this one stops");
        assertThatThrownBy(() -> new Life().announcer(fenced).until(() -> false))
                .isInstanceOf(PrunerException.class)
                .hasMessageContaining("another pruner");
    }

    @Test
    void comparesWithNothingIfTheReleaseInUseIsLost() throws IOException {
        topics.with(PROMPTS).with(TinyCoder.group(base, "python"), early);
        new Life().until(() -> announced.size() == 1);
        dev.sparsecast.store.Durable.deleteTree(directory.resolve("store"));
        topics.with(TinyCoder.group(base, "python"), late);
        new Life().until(() -> announced.size() == 2);
        assertThat(announced.get(1).version()).isEqualTo(2);
        assertThat(announced.get(1).quality().current()).isEmpty();
    }

    private static final class FailingAnnouncer implements Announcer {
        private final String message;

        FailingAnnouncer(String message) {
            this.message = message;
        }

        @Override
        public void confirm() {}

        @Override
        public void announce(SubModelRelease release) {
            throw new PrunerException(message);
        }

        @Override
        public void close() {}
    }

    /** Fails a few times. */
    private static final class BrokenStore implements ArtifactStore {
        private final ArtifactStore delegate;
        private int failures;

        BrokenStore(ArtifactStore delegate, int failures) {
            this.delegate = delegate;
            this.failures = failures;
        }

        @Override
        public Stored put(String name, Path file) {
            if (name.endsWith("manifest.sig") && failures-- > 0) {
                throw new StoreException("the disk is full");
            }
            return delegate.put(name, file);
        }

        @Override
        public java.io.InputStream read(String name) {
            return delegate.read(name);
        }

        @Override
        public boolean exists(String name) {
            return delegate.exists(name);
        }

        @Override
        public List<String> list(String prefix) {
            return delegate.list(prefix);
        }

        @Override
        public void delete(String name) {
            delegate.delete(name);
        }

        @Override
        public void close() {
            delegate.close();
        }
    }
}
