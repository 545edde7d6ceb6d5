package dev.sparsecast.cli.terminal;

import java.io.Console;
import java.io.PrintStream;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One line on standard error that says how far a command is. On a terminal the line is rewritten in place; elsewhere it is
 * printed as a line of its own, at most every few seconds.
 */
public final class Progress implements AutoCloseable {
    private static final Duration REWRITE_EVERY = Duration.ofMillis(100);
    private static final Duration PRINT_EVERY = Duration.ofSeconds(5);
    private static final String ERASE_LINE = "\r\u001b[K";

    private final PrintStream stream;
    private final boolean terminal;
    private final long intervalNanos;
    private @Nullable String pending;
    private long lastShown;
    private boolean lineOpen;

    Progress(PrintStream stream, boolean terminal) {
        this.stream = stream;
        this.terminal = terminal;
        this.intervalNanos = (terminal ? REWRITE_EVERY : PRINT_EVERY).toNanos();
        this.lastShown = System.nanoTime() - intervalNanos;
    }

    /** Progress on this process's standard error. */
    public static Progress ofProcess() {
        @Nullable Console console = System.console();
        return new Progress(System.err, console != null && console.isTerminal());
    }

    /** What is true now; shown now or, when the last was a moment ago, left out. */
    public synchronized void update(String text) {
        pending = text;
        long now = System.nanoTime();
        if (now - lastShown >= intervalNanos) {
            show(text);
            lastShown = now;
        }
    }

    /** A line that stays, above the one that is rewritten. */
    public synchronized void line(String text) {
        if (lineOpen) {
            stream.print(ERASE_LINE);
            lineOpen = false;
        }
        stream.println(text);
        stream.flush();
    }

    private void show(String text) {
        if (terminal) {
            stream.print(ERASE_LINE + text);
            lineOpen = true;
        } else {
            stream.println(text);
        }
        stream.flush();
        pending = null;
    }

    /** Shows the last update if it was left out, and ends the line. */
    @Override
    public synchronized void close() {
        if (pending != null) {
            show(pending);
        }
        if (lineOpen) {
            stream.println();
            stream.flush();
            lineOpen = false;
        }
    }
}
