package dev.sparsecast.console.state;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Counts by steps of time over a window that slides: a ring of steps, each knowing which step of all time it is. */
final class SlidingCounts {
    static final Duration STEP = Duration.ofSeconds(2);
    static final int STEPS = 450;

    /** Steps that a current rate is taken over. */
    private static final int RECENT = 5;

    private final long[] step = new long[STEPS];
    private final long[] count = new long[STEPS];

    SlidingCounts() {
        Arrays.fill(step, Long.MIN_VALUE);
    }

    /** Counts {@code amount} at an instant; what is older than the window is not counted. */
    void add(Instant at, long amount) {
        long number = number(at);
        int slot = Math.floorMod(number, STEPS);
        if (step[slot] < number) {
            step[slot] = number;
            count[slot] = 0;
        }
        if (step[slot] == number) {
            count[slot] += amount;
        }
    }

    /** Amount a second over the last full steps. */
    double rate(Instant now) {
        long last = number(now);
        long sum = 0;
        for (long number = last - RECENT; number < last; number++) {
            sum += at(number);
        }
        return sum / (double) (RECENT * STEP.toSeconds());
    }

    /** Amount a second in each full step of the window, oldest first. */
    List<Double> series(Instant now) {
        List<Double> series = new ArrayList<>(STEPS - 1);
        long last = number(now);
        for (long number = last - STEPS + 1; number < last; number++) {
            series.add(at(number) / (double) STEP.toSeconds());
        }
        return series;
    }

    /** Epoch seconds at which the first step of {@link #series} begins. */
    static double from(Instant now) {
        return (number(now) - STEPS + 1) * (double) STEP.toSeconds();
    }

    private long at(long number) {
        int slot = Math.floorMod(number, STEPS);
        return step[slot] == number ? count[slot] : 0;
    }

    private static long number(Instant at) {
        return Math.floorDiv(at.getEpochSecond(), STEP.toSeconds());
    }
}
