package dev.sparsecast.it.faults;

import java.time.Duration;

/**
 * How much is to be done to the processes.
 *
 * @param seed of everything that is random
 * @param kills SIGKILLs, shared out evenly among the processes
 * @param longestGap most time between two faults
 * @param promptsPerSecond how fast prompts flow
 * @param epoch length of an epoch
 */
record FaultPlan(long seed, int kills, Duration longestGap, double promptsPerSecond, Duration epoch) {
    /** As the tests run it: every process is killed once, in about a minute. */
    static FaultPlan ofTests(long seed) {
        return new FaultPlan(seed, 7, Duration.ofMillis(2500), 8, Duration.ofSeconds(1));
    }

    /** The long form. */
    static FaultPlan with(long seed, int kills) {
        return new FaultPlan(seed, kills, Duration.ofMillis(4000), 8, Duration.ofSeconds(2));
    }
}
