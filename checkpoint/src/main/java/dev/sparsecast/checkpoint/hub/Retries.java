package dev.sparsecast.checkpoint.hub;

import java.io.IOException;
import java.time.Duration;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Tries again after failures that may pass, each time after a longer wait. */
final class Retries {
    private static final int ATTEMPTS = 5;
    private static final Duration LONGEST_WAIT = Duration.ofMinutes(2);

    private final Duration firstWait;

    Retries(Duration firstWait) {
        this.firstWait = firstWait;
    }

    /** A failure that may pass. */
    static final class PassingException extends IOException {
        private static final long serialVersionUID = 1L;

        private final @Nullable Duration wait;

        /** @param wait how long the other side asks to wait */
        PassingException(String message, @Nullable Duration wait) {
            super(message);
            this.wait = wait;
        }
    }

    interface Attempt<T> {
        T run() throws IOException, InterruptedException;
    }

    /** Runs an attempt until it succeeds, or has failed several times in a row. */
    <T> T run(Attempt<T> attempt) {
        return run(attempt, () -> 0);
    }

    /**
     * As above, where an attempt that got further before it failed does not count as failed.
     *
     * @param reached how far it is
     * @throws HubException if it has failed too often, or the thread was interrupted
     */
    <T> T run(Attempt<T> attempt, LongSupplier reached) {
        int failures = 0;
        while (true) {
            long before = reached.getAsLong();
            try {
                try {
                    return attempt.run();
                } catch (IOException e) {
                    failures = reached.getAsLong() > before ? 1 : failures + 1;
                    if (failures == ATTEMPTS) {
                        throw new HubException(
                                reason(e) + "; that was the last of " + ATTEMPTS
                                        + " attempts, run the command again to go on where it stopped",
                                e);
                    }
                    Thread.sleep(wait(failures, e));
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new HubException("interrupted; run the command again to go on where it stopped", e);
            }
        }
    }

    private Duration wait(int failures, IOException e) {
        Duration wait = firstWait.multipliedBy(1L << (failures - 1));
        if (e instanceof PassingException passing && passing.wait != null && passing.wait.compareTo(wait) > 0) {
            wait = passing.wait;
        }
        return wait.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : wait;
    }

    private static String reason(IOException e) {
        if (e instanceof PassingException) {
            return e.getMessage() + "";
        }
        String message = e.getMessage() == null ? "" : ": " + e.getMessage();
        return "the connection to the hub broke off (" + e.getClass().getSimpleName() + message + ")";
    }
}
