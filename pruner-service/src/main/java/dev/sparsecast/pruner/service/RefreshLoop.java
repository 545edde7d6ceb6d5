package dev.sparsecast.pruner.service;

import dev.sparsecast.pruner.refresh.RefreshDecision;
import dev.sparsecast.pruner.refresh.RefreshDecision.Obstacle;
import dev.sparsecast.pruner.refresh.RefreshPolicy;
import dev.sparsecast.pruner.refresh.Situation;
import dev.sparsecast.pruner.service.ReleaseMaker.Order;
import dev.sparsecast.pruner.specification.SpecificationWatch;
import dev.sparsecast.pruner.specification.SubModelSpecification;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads, decides, and has releases made, one at a time and in turns, on another thread; meanwhile reading goes on. What it
 * knows is used by the thread that {@link #run}s it alone.
 */
final class RefreshLoop {
    private static final Logger log = LoggerFactory.getLogger(RefreshLoop.class);
    private static final Duration POLL = Duration.ofMillis(200);
    private static final Duration POLL_WHILE_BUILDING = Duration.ofMillis(20);
    private static final Duration RETRY_REGISTRY = Duration.ofSeconds(1);
    private static final Duration FIRST_RETRY = Duration.ofSeconds(5);
    private static final Duration LAST_RETRY = Duration.ofMinutes(5);

    private final String model;
    private final SpecificationWatch specifications;
    private final RecordSource source;
    private final RecordIntake intake;
    private final Knowledge knowledge;
    private final PrunerMetrics metrics;
    private final Clock clock;
    private final Map<String, Obstacle> obstacles = new HashMap<>();
    private final Map<String, Retry> retries = new HashMap<>();
    private @Nullable Build building;
    private int turn;
    private volatile boolean ready;
    private volatile Set<String> names;

    /**
     * Something in the making.
     *
     * @param what it is, for people
     */
    private record Build(String submodel, String what, CompletableFuture<Outcome> outcome) {}

    /** When a sub-model whose last candidate failed is tried again. */
    private record Retry(Duration pause, Instant at) {
        static Retry after(@Nullable Retry last, Instant now) {
            Duration pause = last == null ? FIRST_RETRY : last.pause().multipliedBy(2);
            pause = pause.compareTo(LAST_RETRY) > 0 ? LAST_RETRY : pause;
            return new Retry(pause, now.plus(pause));
        }
    }

    RefreshLoop(
            String model,
            SpecificationWatch specifications,
            RecordSource source,
            RecordIntake intake,
            Knowledge knowledge,
            PrunerMetrics metrics,
            Clock clock) {
        this.model = model;
        this.specifications = specifications;
        this.names = specifications.names();
        this.source = source;
        this.intake = intake;
        this.knowledge = knowledge;
        this.metrics = metrics;
        this.clock = clock;
    }

    boolean isReady() {
        return ready;
    }

    /** Names of the sub-models that are made now; for any thread. */
    Set<String> names() {
        return names;
    }

    /**
     * Runs until it is told to stop; what is being made then is waited for.
     *
     * @param keepUp what else to do now and then on this thread
     * @param maker makes a release, on a thread of {@code executor}
     * @throws PrunerException if the pruner cannot go on
     */
    void run(Runnable keepUp, BooleanSupplier stopping, Maker maker, ExecutorService executor) {
        try {
            while (!stopping.getAsBoolean()) {
                keepUp.run();
                lookAtSpecifications();
                for (ConsumerRecord<byte[], byte[]> record :
                        source.poll(building == null ? POLL : POLL_WHILE_BUILDING)) {
                    take(record, stopping);
                }
                finish();
                if (source.isCaughtUp()) {
                    becomeReady();
                    if (building == null) {
                        building = nextCommand(maker, executor)
                                .or(() -> nextRelease(maker, executor))
                                .orElse(null);
                    }
                }
            }
        } finally {
            ready = false;
            metrics.ready(false);
            if (building != null) {
                building.outcome()
                        .exceptionally(failure -> new Outcome.Dropped("it failed"))
                        .join();
            }
        }
    }

    private void becomeReady() {
        if (!ready) {
            ready = true;
            metrics.ready(true);
            log.atInfo()
                    .addKeyValue("model", model)
                    .addKeyValue("submodels", specifications.submodels().size())
                    .log("The pruner has read the topics and makes releases from now on");
        }
    }

    private void take(ConsumerRecord<byte[], byte[]> record, BooleanSupplier stopping) {
        while (!stopping.getAsBoolean()) {
            try {
                intake.take(record, ready);
                return;
            } catch (RegistryOutage e) {
                log.atWarn()
                        .addKeyValue("topic", record.topic())
                        .addKeyValue("partition", record.partition())
                        .addKeyValue("offset", record.offset())
                        .setCause(e)
                        .log("The schema registry does not answer; trying again");
                pause();
            }
        }
    }

    private static void pause() {
        try {
            Thread.sleep(RETRY_REGISTRY);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new PrunerException("the pruner was interrupted", e);
        }
    }

    private void lookAtSpecifications() {
        if (specifications.hasChanged()) {
            source.follow(specifications.languages());
            names = specifications.names();
        }
        metrics.specificationIsRight(specifications.isRight());
    }

    private Optional<Build> nextCommand(Maker maker, ExecutorService executor) {
        Instant now = clock.instant();
        return knowledge
                .nextInstruction(specifications.names(), submodel -> !isToWait(submodel, now))
                .map(instruction -> new Build(
                        instruction.command().submodel(),
                        instruction.command().action().label(),
                        CompletableFuture.supplyAsync(() -> maker.carryOut(instruction), executor)));
    }

    private boolean isToWait(String submodel, Instant now) {
        Retry retry = retries.get(submodel);
        return retry != null && now.isBefore(retry.at());
    }

    /** Every sub-model has its turn, so that one with much to do cannot keep the others waiting. */
    private Optional<Build> nextRelease(Maker maker, ExecutorService executor) {
        Instant now = clock.instant();
        List<SubModelSpecification> submodels = specifications.submodels();
        for (int i = 0; i < submodels.size(); i++) {
            SubModelSpecification submodel = submodels.get((turn + i) % submodels.size());
            if (!isToWait(submodel.name(), now)) {
                Optional<Build> started = decide(submodel, now, maker, executor);
                if (started.isPresent()) {
                    turn = (turn + i + 1) % submodels.size();
                    return started;
                }
            }
        }
        return Optional.empty();
    }

    private Optional<Build> decide(SubModelSpecification submodel, Instant now, Maker maker, ExecutorService executor) {
        Situation situation = knowledge.situation(submodel, now);
        return switch (RefreshPolicy.decide(situation)) {
            case RefreshDecision.Wait(Obstacle obstacle, String reason) -> {
                if (obstacles.put(submodel.name(), obstacle) != obstacle) {
                    log.atInfo()
                            .addKeyValue("model", model)
                            .addKeyValue("submodel", submodel.name())
                            .addKeyValue("reason", reason)
                            .log("Waiting");
                }
                yield Optional.empty();
            }
            case RefreshDecision.Release(var trigger, String reason) -> {
                obstacles.remove(submodel.name());
                Order order = new Order(
                        submodel,
                        trigger,
                        reason,
                        situation.snapshots(),
                        knowledge.heldOut(submodel),
                        situation.mayHold(),
                        situation.current(),
                        knowledge.refreshes(submodel.name()));
                log.atInfo()
                        .addKeyValue("model", model)
                        .addKeyValue("submodel", submodel.name())
                        .addKeyValue("trigger", trigger.label())
                        .addKeyValue("reason", reason)
                        .log("Making a candidate");
                yield Optional.of(new Build(
                        submodel.name(),
                        trigger.label(),
                        CompletableFuture.supplyAsync(() -> maker.make(order), executor)));
            }
        };
    }

    private void finish() {
        Build build = building;
        if (build == null || !build.outcome().isDone()) {
            return;
        }
        building = null;
        try {
            switch (build.outcome().join()) {
                case Outcome.Decided(Announcement announcement) -> {
                    knowledge.add(announcement);
                    retries.remove(build.submodel());
                }
                case Outcome.Dropped(String reason) -> tryAgainLater(build, reason, null);
            }
        } catch (CompletionException e) {
            switch (e.getCause()) {
                case PrunerException fatal -> throw fatal;
                case RuntimeException failure -> tryAgainLater(build, String.valueOf(failure.getMessage()), failure);
                case null, default -> throw e;
            }
        }
    }

    private void tryAgainLater(Build build, String reason, @Nullable RuntimeException failure) {
        String submodel = build.submodel();
        Retry retry = Retry.after(retries.get(submodel), clock.instant());
        retries.put(submodel, retry);
        metrics.failed(submodel);
        log.atError()
                .addKeyValue("model", model)
                .addKeyValue("submodel", submodel)
                .addKeyValue("trigger", build.what())
                .addKeyValue("reason", reason)
                .addKeyValue("again_at", retry.at())
                .setCause(failure)
                .log("Nothing came of it; trying again later");
    }
}
