package dev.sparsecast.cli.service;

import dev.sparsecast.cli.terminal.StopSignal;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** Lets a service run until a signal stops the process or the service ends by itself. */
public final class ServiceRun {
    private ServiceRun() {}

    /**
     * Waits.
     *
     * @param termination completes when the service has ended
     * @throws RuntimeException what the service ended of, if it failed
     */
    public static void await(CompletableFuture<Void> termination, StopSignal stop) {
        try {
            CompletableFuture.anyOf(termination, stop.received()).join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }
}
