package dev.sparsecast.it.faults;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Kills, pauses and restarts processes at random moments, each as often as the others. Faults overlap: a process may be
 * killed while another is paused or not up again yet.
 */
final class Adversary {
    /** How long a process that is not ready is spared, so that most kills hit one that works. */
    private static final Duration MERCY = Duration.ofSeconds(12);

    private final Ensemble ensemble;
    private final FaultPlan plan;
    private final Random random;
    private final Set<Actor> paused = Collections.synchronizedSet(new HashSet<>());
    private final Map<String, Map<Fault, Integer>> done = new TreeMap<>();
    private int kills;
    private int killsOfReady;

    Adversary(Ensemble ensemble, FaultPlan plan) {
        this.ensemble = ensemble;
        this.plan = plan;
        this.random = new Random(plan.seed());
    }

    /** How often what was done to whom. */
    Map<String, Map<Fault, Integer>> done() {
        return done;
    }

    int kills() {
        return kills;
    }

    /** Kills of a process that had said it was ready. */
    int killsOfReady() {
        return killsOfReady;
    }

    /** Does all of the plan, and returns once nothing is paused any more. */
    void run() throws Exception {
        try (ScheduledExecutorService resuming = Executors.newScheduledThreadPool(1)) {
            Deque<Step> steps = new ArrayDeque<>();
            while (kills < plan.kills()) {
                if (steps.isEmpty()) {
                    steps.addAll(round());
                }
                Step step = steps.removeFirst();
                Thread.sleep(random.nextLong(plan.longestGap().toMillis()));
                if (paused.contains(step.actor)) {
                    steps.addLast(step);
                } else {
                    act(step, resuming);
                }
            }
            while (!paused.isEmpty()) {
                Thread.sleep(50);
            }
        }
    }

    /** Something to be done to a process. */
    private record Step(Fault fault, Actor actor) {}

    /** A kill of everyone, and between them some of the other faults. */
    private List<Step> round() {
        List<Step> round = new ArrayList<>();
        List<Actor> actors = ensemble.actors();
        actors.forEach(actor -> round.add(new Step(Fault.KILL, actor)));
        List<Fault> others = List.of(Fault.LONG_PAUSE, Fault.LONG_PAUSE, Fault.SHORT_PAUSE, Fault.RESTART);
        others.forEach(fault -> round.add(new Step(fault, actors.get(random.nextInt(actors.size())))));
        Collections.shuffle(round, random);
        // workers and streams apps are what the exactness rests on: one of them always loses its session
        round.addFirst(new Step(Fault.LONG_PAUSE, actors.get(1 + random.nextInt(4))));
        return round;
    }

    private void act(Step step, ScheduledExecutorService resuming) throws IOException, InterruptedException {
        boolean isReady = awaitReady(step.actor);
        switch (step.fault) {
            case KILL -> {
                step.actor.kill();
                kills++;
                killsOfReady += isReady ? 1 : 0;
            }
            case RESTART -> step.actor.terminate();
            case SHORT_PAUSE -> pause(step.actor, 1000 + random.nextLong(2000), resuming);
            case LONG_PAUSE -> {
                long least = Ensemble.SESSION_TIMEOUT.toMillis() + 500;
                pause(step.actor, least + random.nextLong(Ensemble.TRANSACTION_TIMEOUT.toMillis()), resuming);
            }
        }
        done.computeIfAbsent(step.actor.name(), name -> new TreeMap<>()).merge(step.fault, 1, Integer::sum);
    }

    private boolean awaitReady(Actor actor) throws InterruptedException {
        long end = System.nanoTime() + random.nextLong(MERCY.toNanos());
        boolean isReady = ensemble.isReady(actor);
        while (!isReady && System.nanoTime() < end) {
            Thread.sleep(200);
            isReady = ensemble.isReady(actor);
        }
        return isReady;
    }

    private void pause(Actor actor, long millis, ScheduledExecutorService resuming)
            throws IOException, InterruptedException {
        paused.add(actor);
        actor.pause();
        var unused = resuming.schedule(
                () -> {
                    actor.resume();
                    paused.remove(actor);
                    return true;
                },
                millis,
                TimeUnit.MILLISECONDS);
    }
}
