package dev.sparsecast.pruner.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.pruner.TinyCoder;
import dev.sparsecast.pruner.gate.QualityGate;
import dev.sparsecast.pruner.release.ReleaseBuilder;
import dev.sparsecast.pruner.release.ReleaseHistory;
import dev.sparsecast.pruner.snapshot.SnapshotAssembler;
import dev.sparsecast.pruner.specification.SpecificationWatch;
import dev.sparsecast.pruner.specification.SubModelSpecification;
import dev.sparsecast.pruner.specification.SubModelSpecification.Gate;
import dev.sparsecast.schemas.ActivationStatistics;
import dev.sparsecast.schemas.DriftReport;
import dev.sparsecast.schemas.DriftState;
import dev.sparsecast.schemas.Prompt;
import dev.sparsecast.schemas.SubModelCommand;
import dev.sparsecast.schemas.SubModelDecision;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.ArtifactKind;
import dev.sparsecast.schemas.SubModelRelease.Quality;
import dev.sparsecast.schemas.SubModelRelease.Rollout;
import dev.sparsecast.schemas.SubModelRelease.Signature;
import dev.sparsecast.schemas.SubModelRelease.Trigger;
import dev.sparsecast.schemas.signing.SigningKey;
import dev.sparsecast.store.ArtifactStore;
import dev.sparsecast.store.ArtifactStores;
import dev.sparsecast.store.StoreException;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;
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
    private static List<ActivationStatistics> latest;

    @TempDir
    Path directory;

    private final FakeTopics topics = new FakeTopics();
    private final List<SubModelRelease> announced = new CopyOnWriteArrayList<>();
    private final List<SubModelDecision> decided = new CopyOnWriteArrayList<>();
    private final MovableClock clock = new MovableClock();
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private int commands;
    private SubModelSpecification specification = TinyCoder.specification("python", 0.6, GATE, ArtifactKind.RECIPE);

    @BeforeAll
    static void load() {
        base = TinyCoder.open();
        gate = new QualityGate(base, TinyCoder.OPTIONS);
        early = TinyCoder.statistics(base, TinyCoder.counted(PROMPTS).subList(0, 8), 1);
        late = TinyCoder.statistics(base, TinyCoder.counted(PROMPTS).subList(0, 12), 2);
        latest = TinyCoder.statistics(base, TinyCoder.counted(PROMPTS).subList(0, 14), 3);
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
        public void announce(Announcement announcement) {
            announcement.release().ifPresent(announced::add);
            decided.addAll(announcement.decisions());
            topics.with(announcement);
        }

        @Override
        public void close() {}
    }

    /** One life of a pruner: from the beginning of the topics until the test has seen enough. */
    private final class Life {
        private Announcer announcer = new TopicAnnouncer();
        private Function<ArtifactStore, ArtifactStore> wrapper = Function.identity();
        private RefreshLoop loop;

        Life announcer(Announcer other) {
            announcer = other;
            return this;
        }

        Life store(Function<ArtifactStore, ArtifactStore> other) {
            wrapper = other;
            return this;
        }

        void until(BooleanSupplier end) {
            PrunerMetrics metrics = new PrunerMetrics(registry, base.revision());
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
                            List.of(KEY.verifyingKey()),
                            FakeTopics.SERDES,
                            knowledge,
                            letters,
                            metrics);
                    ExecutorService executor = Executors.newSingleThreadExecutor()) {
                ReleaseBuilder builder =
                        new ReleaseBuilder(base, store, KEY, announcer, directory.resolve("builds"), 1, clock);
                ReleaseHistory history = new ReleaseHistory(store, List.of(KEY.verifyingKey()));
                ReleaseMaker maker = new ReleaseMaker(
                        base.revision(),
                        builder,
                        gate,
                        announcer,
                        new Steering(KEY.verifyingKey(), builder, history, clock),
                        metrics,
                        () -> false,
                        clock);
                loop = new RefreshLoop(
                        base.revision(),
                        new SpecificationWatch(List.of(specification), Optional.empty(), all -> all),
                        source,
                        intake,
                        knowledge,
                        metrics,
                        clock);
                loop.run(() -> {}, end, maker, executor);
            }
        }

        /** Long enough after everything was read, and after the last decision, for anything to begin. */
        void untilNothingHappens() {
            int[] idle = {0};
            int[] seen = {0};
            until(() -> {
                if (decided.size() != seen[0]) {
                    seen[0] = decided.size();
                    idle[0] = 0;
                }
                LockSupport.parkNanos(4_000_000);
                return loop.isReady() && ++idle[0] > 50;
            });
        }
    }

    private List<SubModelDecision.Outcome> outcomes() {
        return decided.stream().map(SubModelDecision::outcome).toList();
    }

    private SubModelCommand command(SubModelCommand.Action action, int... version) {
        int newest = announced.isEmpty() ? 0 : announced.getLast().version();
        return new SubModelCommand(
                "command-" + commands++,
                base.revision(),
                "python",
                action,
                version.length == 0 ? OptionalInt.empty() : OptionalInt.of(version[0]),
                newest,
                "test",
                "",
                clock.instant(),
                "",
                Signature.NONE);
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
        assertThat(decided).extracting(SubModelDecision::outcome).containsOnly(SubModelDecision.Outcome.PROMOTED);
        assertThat(decided).extracting(SubModelDecision::version).containsExactly(OptionalInt.of(1), OptionalInt.of(2));
        assertThat(second.quality().differenceToCurrent()).isPresent();
        assertThat(second.provenance().getFirst().distinctSources()).isEqualTo(1);
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
        topics.with(command(SubModelCommand.Action.REFRESH));
        new Life().untilNothingHappens();
        assertThat(announced).isEmpty();
        assertThat(decided).singleElement().satisfies(decision -> {
            assertThat(decision.outcome()).isEqualTo(SubModelDecision.Outcome.REJECTED);
            assertThat(decision.reason()).contains("of the dense model");
        });
        assertThat(ArtifactStores.open(directory.resolve("store").toString()).list(""))
                .isEmpty();
        topics.with(TinyCoder.group(base, "python"), late);
        new Life().untilNothingHappens();
        assertThat(decided).hasSize(2);
        assertThat(decided.getLast().command())
                .as("the command is answered by what came of it")
                .isEqualTo("command-0");
    }

    @Test
    void releasesOnCommand() {
        topics.with(PROMPTS).with(TinyCoder.group(base, "python"), early);
        new Life().until(() -> announced.size() == 1);
        topics.with(command(SubModelCommand.Action.REFRESH));
        new Life().until(() -> announced.size() == 2);
        new Life().untilNothingHappens();
        assertThat(announced).as("each command is acted on once").hasSize(2);
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
        assertThat(outcomes()).containsExactly(SubModelDecision.Outcome.PROMOTED);
    }

    @Test
    void aPauseHoldsOverARestartUntilItIsResumed() {
        topics.with(PROMPTS).with(TinyCoder.group(base, "python"), early);
        topics.with(command(SubModelCommand.Action.PAUSE));
        new Life().untilNothingHappens();
        new Life().untilNothingHappens();
        assertThat(announced).isEmpty();
        assertThat(decided).singleElement().extracting(SubModelDecision::reason).isEqualTo("paused");
        topics.with(command(SubModelCommand.Action.RESUME));
        new Life().until(() -> announced.size() == 1);
        new Life().untilNothingHappens();
        assertThat(decided).extracting(SubModelDecision::reason).startsWith("paused", "resumed");
        assertThat(decided).hasSize(3);
    }

    @Test
    void aCommandForASubModelThatThereIsNotIsRefusedOnce() {
        specification = TinyCoder.specification("java", 0.6, GATE, ArtifactKind.RECIPE);
        topics.with(command(SubModelCommand.Action.REFRESH));
        topics.with(KEY.sign(command(SubModelCommand.Action.REVOKE, 1)));
        new Life().untilNothingHappens();
        new Life().untilNothingHappens();
        assertThat(outcomes()).containsExactly(SubModelDecision.Outcome.REFUSED, SubModelDecision.Outcome.REFUSED);
    }

    private void releaseTwice() {
        topics.with(PROMPTS).with(TinyCoder.group(base, "python"), early);
        new Life().until(() -> announced.size() == 1);
        topics.with(TinyCoder.group(base, "python"), late);
        new Life().until(() -> announced.size() == 2);
        decided.clear();
    }

    @Test
    void onlyWhoHasTheKeyCanChangeWhatDeployersRun() {
        releaseTwice();
        topics.with(command(SubModelCommand.Action.PIN, 1))
                .with(SigningKey.generate().sign(command(SubModelCommand.Action.REVOKE, 2)))
                .with(command(SubModelCommand.Action.UNPIN));
        new Life().untilNothingHappens();
        assertThat(announced).hasSize(2);
        assertThat(decided)
                .hasSize(3)
                .allSatisfy(decision -> assertThat(decision.reason()).contains("must be signed with the key"));
    }

    @Test
    void pinsToAnEarlierVersionAndMakesNoMoreUntilUnpinned() {
        releaseTwice();
        SubModelCommand pin = KEY.sign(command(SubModelCommand.Action.PIN, 1));
        topics.with(pin);
        new Life().until(() -> announced.size() == 3);
        SubModelRelease pinned = announced.get(2);
        assertThat(KEY.verifyingKey().verifies(pinned)).isTrue();
        assertThat(pinned.version()).isEqualTo(3);
        assertThat(pinned.parent()).hasValue(2);
        assertThat(pinned.rollout()).isEqualTo(new Rollout(1, true, OptionalInt.of(1), List.of()));
        assertThat(pinned.recipe()).isEqualTo(announced.get(0).recipe());
        assertThat(pinned.artifacts().getFirst().sha256())
                .isEqualTo(announced.get(0).artifacts().getFirst().sha256());
        assertThat(pinned.artifacts().getFirst().uri()).contains("/python/3/");

        topics.with(pin); // somebody plays it again
        topics.with(command(SubModelCommand.Action.REFRESH));
        new Life().untilNothingHappens();
        assertThat(announced).hasSize(3);
        assertThat(decided.getLast().reason()).contains("it was given when version 2 was the newest, now it is 3");

        topics.with(KEY.sign(command(SubModelCommand.Action.UNPIN)));
        new Life().until(() -> announced.size() == 5);
        assertThat(announced.get(3).rollout()).isEqualTo(new Rollout(1, false, OptionalInt.of(1), List.of()));
        assertThat(announced.get(4).trigger()).isEqualTo(Trigger.COMMAND);
        assertThat(announced.get(4).rollout()).isEqualTo(Rollout.EVERYWHERE);
    }

    @Test
    void revokesTheVersionInUseByGoingBackToTheOneBeforeAndStaysThere() {
        releaseTwice();
        topics.with(KEY.sign(command(SubModelCommand.Action.REVOKE, 2)));
        new Life().until(() -> announced.size() == 3);
        new Life().untilNothingHappens();
        assertThat(announced).hasSize(3);
        assertThat(announced.get(2).rollout()).isEqualTo(new Rollout(1, true, OptionalInt.of(1), List.of(2)));
        assertThat(announced.get(2).recipe()).isEqualTo(announced.get(0).recipe());

        topics.with(KEY.sign(command(SubModelCommand.Action.PIN, 2)));
        topics.with(KEY.sign(command(SubModelCommand.Action.REVOKE, 2)));
        new Life().untilNothingHappens();
        assertThat(decided.subList(1, 3))
                .extracting(SubModelDecision::reason)
                .containsExactly("version 2 was revoked", "version 2 was revoked already");
    }

    @Test
    void revokesAnEarlierVersionWithoutChangingTheMaskInUse() {
        releaseTwice();
        topics.with(KEY.sign(command(SubModelCommand.Action.REVOKE, 1)));
        new Life().until(() -> announced.size() == 3);
        assertThat(announced.get(2).rollout()).isEqualTo(new Rollout(1, false, OptionalInt.of(2), List.of(1)));
        assertThat(announced.get(2).recipe()).isEqualTo(announced.get(1).recipe());
    }

    /** Version 3 is version 1 again: what is wrong with one is wrong with the other. */
    @Test
    void withdrawsTheSubModelWhenNoVersionIsLeftAndCarriesWhatWasRevokedOn() {
        releaseTwice();
        topics.with(KEY.sign(command(SubModelCommand.Action.REVOKE, 2)));
        new Life().until(() -> announced.size() == 3);
        topics.with(KEY.sign(command(SubModelCommand.Action.REVOKE, 1)));
        new Life().until(() -> announced.size() == 4);
        SubModelRelease withdrawn = announced.get(3);
        assertThat(withdrawn.isWithdrawn()).isTrue();
        assertThat(withdrawn.artifacts()).isEmpty();
        assertThat(withdrawn.rollout()).isEqualTo(new Rollout(1, true, OptionalInt.empty(), List.of(1, 2, 3, 4)));

        topics.with(KEY.sign(command(SubModelCommand.Action.UNPIN)));
        topics.with(TinyCoder.group(base, "python"), latest);
        new Life().until(() -> announced.size() == 6);
        assertThat(announced.get(4).isWithdrawn()).isTrue();
        SubModelRelease anew = announced.get(5);
        assertThat(anew.version()).isEqualTo(6);
        assertThat(anew.trigger()).isEqualTo(Trigger.FIRST);
        assertThat(anew.quality().current()).isEmpty();
        assertThat(anew.rollout().revoked()).containsExactly(1, 2, 3, 4, 5);
        assertThat(anew.isWithdrawn()).isFalse();
    }

    @Test
    void aCanaryShareIsPassedOnToDeployers() {
        SubModelSpecification all = specification;
        specification = new SubModelSpecification(
                all.name(),
                Optional.empty(),
                all.groups(),
                all.parameters(),
                all.refresh(),
                all.gate(),
                all.artifacts(),
                0.25);
        topics.with(PROMPTS).with(TinyCoder.group(base, "python"), early);
        new Life().until(() -> announced.size() == 1);
        assertThat(announced.getFirst().rollout().canaryShare()).isEqualTo(0.25);
    }

    /** The limit is where the candidate is, so that no interval can be on one side of it. */
    @Test
    void holdsACandidateThatThePromptsDoNotTellAboutAndDecidesInTheEnd() {
        List<Prompt> heldOut = TinyCoder.heldOut(PROMPTS);
        topics.with(TinyCoder.counted(PROMPTS)).with(heldOut.subList(0, 4));
        topics.with(TinyCoder.group(base, "python"), early);
        new Life().until(() -> announced.size() == 1);
        Quality quality = announced.getFirst().quality();
        double limit = quality.candidate() / quality.dense() + 1e-6;
        announced.clear();
        decided.clear();
        topics.clear();

        specification = TinyCoder.specification(
                "python", 0.6, new Gate(64, 4, limit, 2, 0.95, Duration.ofHours(1)), ArtifactKind.RECIPE);
        topics.with(heldOut.subList(0, 4)).with(TinyCoder.group(base, "python"), early);
        new Life().untilNothingHappens();
        new Life().untilNothingHappens();
        assertThat(outcomes()).containsExactly(SubModelDecision.Outcome.HELD);
        assertThat(decided.getFirst().reason()).startsWith("4 prompts do not tell: perplexity ");
        assertThat(announced).isEmpty();
        clock.advance(Duration.ofMinutes(61));
        new Life().until(() -> announced.size() == 1);
        assertThat(outcomes()).containsExactly(SubModelDecision.Outcome.HELD, SubModelDecision.Outcome.PROMOTED);
        assertThat(decided.getLast().reason()).startsWith("on average ");
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
        public void announce(Announcement announcement) {
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
