package dev.sparsecast.cli.terminal;

import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/**
 * Ctrl-C and SIGTERM as an event that a command waits for, so that it can close what it opened, in order, and end with an
 * exit code of its own. The second one ends the process at once.
 */
public final class StopSignal {
    private static final Logger log = LoggerFactory.getLogger(StopSignal.class);
    private static final int EXIT_OFFSET = 128;

    private final CompletableFuture<String> received = new CompletableFuture<>();

    private StopSignal() {}

    /** Takes over the signals; from here on the JVM's own shutdown does not start at the first of them. */
    public static StopSignal install() {
        StopSignal stop = new StopSignal();
        stop.listen("INT");
        stop.listen("TERM");
        stop.listen("HUP");
        return stop;
    }

    private void listen(String name) {
        SignalHandler handler = signal -> {
            if (!received.complete(signal.getName())) {
                Runtime.getRuntime().halt(EXIT_OFFSET + signal.getNumber());
            }
        };
        try {
            Signal.handle(new Signal(name), handler);
        } catch (IllegalArgumentException e) {
            log.atDebug().setCause(e).addKeyValue("signal", name).log("The signal is not ours to handle");
        }
    }

    /** Completes with the signal's name. */
    public CompletableFuture<String> received() {
        return received;
    }

    /** Stops as if a signal had come. */
    public void stop() {
        received.complete("STOP");
    }

    public boolean isStopped() {
        return received.isDone();
    }
}
